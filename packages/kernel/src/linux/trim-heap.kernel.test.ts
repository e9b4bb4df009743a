import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "@jest/globals";

const MODULE = join(import.meta.dirname, "trim-heap.ts");
const PROGRAM = `
  import { readFileSync } from "node:fs";
  import { trimHeap } from ${JSON.stringify(MODULE)};
  const heap = () => {
    const part = readFileSync("/proc/self/smaps", "utf8").split("\\n").join(" ").match(/\\[heap\\].*?Rss: +(\\d+) kB/);
    return Number(part?.[1]);
  };
  let held = [];
  // Below malloc's threshold for maps of their own, each second one stays: the heap cannot shrink from its end.
  for (let index = 0; index < 2000; index += 1) held.push(Buffer.allocUnsafeSlow(16_000).fill(1));
  held = held.filter((_each, index) => index % 40 === 39);
  globalThis.gc();
  setTimeout(() => {
    const before = heap();
    trimHeap();
    console.log(JSON.stringify({ before, after: heap(), held: held.length }));
  }, 200);
`;

test("what lies free inside the heap goes back to the kernel", () => {
  const { NODE_OPTIONS: _options, ...env } = process.env;
  const args = ["--expose-gc", "--input-type=module", "--eval", PROGRAM];
  const text = execFileSync(process.execPath, args, {
    encoding: "utf8",
    env: { ...env, MALLOC_ARENA_MAX: "1", MALLOC_TRIM_THRESHOLD_: "1000000000" },
  });
  const { before, after } = JSON.parse(text);
  expect(before - after).toBeGreaterThan(10_000);
});
