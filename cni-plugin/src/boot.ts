import { getRawAsset } from "node:sea";
import { Script } from "node:vm";

/** Name of the program in stack traces. */
const NAME = "pharos-cni.cjs";

/** The program as the one expression that its code cache was made from: a function of what a CommonJS module is given. */
type Program = (require: NodeJS.Require, process: NodeJS.Process) => void;

/**
 * Main of the single executable. The code cache that Node makes for such a main holds no function but those that run while it is
 * loaded; compiling the others at their first call costs 7 ms of an ADD. So the program and a cache of all its functions are assets. A cache
 * that V8 refuses only makes the program slower.
 */
const source = Buffer.from(getRawAsset("program.js")).latin1Slice();
const script = new Script(source, { filename: NAME, cachedData: Buffer.from(getRawAsset("program.cache")) });
const program: Program = script.runInThisContext();
program(require, process);
