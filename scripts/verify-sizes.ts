// File sizes: none over 400 lines (tables and generated code exempt), median at most 130.
import { globSync, readFileSync } from "node:fs";

const MAXIMUM = 400;
const MEDIAN = 130;
/** Files that are tables: long because the thing that they list is long. */
const TABLES: readonly string[] = ["packages/documents/src/refusals.ts"];

const files = globSync("{packages/*,operator,node-agent,cni-plugin,grpc-bridge,pharosctl,pharos}/src/**/*.ts").filter(
  (file) => !file.includes("/generated/") && !file.endsWith(".test.ts") && !TABLES.includes(file),
);
const sizes = files.map((file) => ({ file, lines: readFileSync(file, "utf8").split("\n").length - 1 })).sort((a, b) => a.lines - b.lines);
const median = sizes[Math.floor(sizes.length / 2)]?.lines ?? 0;
const long = sizes.filter((size) => size.lines > MAXIMUM);
for (const { file, lines } of long) console.error(`${file}: ${lines} lines (at most ${MAXIMUM})`);
console.log(`sizes: ${files.length} files, median ${median}, longest ${sizes.at(-1)?.lines ?? 0}`);
if (long.length > 0 || median > MEDIAN) process.exit(1);
