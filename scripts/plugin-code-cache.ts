// `node plugin-code-cache.ts PROGRAM CACHE`: writes V8's code cache of what a pod's life needs of PROGRAM to CACHE. Run with the very Node that will
// read it.
import { readFileSync, writeFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { Script } from "node:vm";
import { train } from "./plugin-training.ts";

const [program = "", cache = ""] = process.argv.slice(2);
const source = readFileSync(program, "latin1");
const filename = "pharos-cni.cjs";

const script = new Script(source, { filename });
// V8 compiles a function of a code cache to machine code at once, when it had done so before the cache was made: that costs each call 3 ms.
setFlagsFromString("--no-sparkplug");
const failed = train(script.runInThisContext()).find((answer) => answer.includes('"msg"'));
// A cache tells the flags that it was made with, and is taken with the same only.
setFlagsFromString("--sparkplug");
// The executable works all the same, only slower; plugin-training.test.ts fails.
if (failed !== undefined) console.error(`plugin: the training of its code cache came to no end: ${failed.trim()}`);
// V8 puts in all functions that have been compiled by now.
const cachedData = script.createCachedData();
if (new Script(source, { filename, cachedData }).cachedDataRejected === true) throw new Error("V8 refuses the code cache that it made");
writeFileSync(cache, cachedData);
