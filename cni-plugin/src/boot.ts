import { closeSync, openSync, readSync } from "node:fs";
import { getRawAsset } from "node:sea";
import { Script } from "node:vm";

/** Name of the program in stack traces. */
const NAME = "pharos-cni.cjs";
const RANDOM_BYTES = 6;

/** The program as the one expression that its code cache was made from: a function of what a CommonJS module is given. */
type Program = (require: NodeJS.Require, process: NodeJS.Process) => void;

/** V8's own seed is a constant (scripts/plugin-executable.ts), so numbers that must differ between processes come from the kernel. */
Math.random = () => {
  const bytes = Buffer.alloc(RANDOM_BYTES);
  const source = openSync("/dev/urandom", "r");
  readSync(source, bytes);
  closeSync(source);
  return bytes.readUIntBE(0, RANDOM_BYTES) / 2 ** (8 * RANDOM_BYTES);
};

/**
 * Main of the single executable. The code cache that Node makes for such a main holds no function but those that run while it is
 * loaded; compiling the others at their first call costs 7 ms of an ADD. So the program and a cache of what it needs are assets. A
 * cache that V8 refuses only makes the program slower.
 */
const source = Buffer.from(getRawAsset("program.js")).toString("latin1");
const script = new Script(source, { filename: NAME, cachedData: Buffer.from(getRawAsset("program.cache")) });
const program: Program = script.runInThisContext();
program(require, process);
