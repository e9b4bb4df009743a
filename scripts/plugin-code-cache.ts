// `node plugin-code-cache.ts PROGRAM CACHE`: writes V8's code cache of all functions of PROGRAM to CACHE. Run with the very Node that will read it.
import { readFileSync, writeFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { Script } from "node:vm";

const [program = "", cache = ""] = process.argv.slice(2);
const source = readFileSync(program, "latin1");
const filename = "pharos-cni.cjs";

// Eager while it compiles; then as at run time again, because a cache bears a mark of the flags and is refused under others.
setFlagsFromString("--no-lazy");
const script = new Script(source, { filename });
setFlagsFromString("--lazy");
const cachedData = script.createCachedData();
if (new Script(source, { filename, cachedData }).cachedDataRejected === true) throw new Error("V8 refuses the code cache that it made");
writeFileSync(cache, cachedData);
