import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { builtPlugin } from "../plugin-harness.ts";
import { AFTERMATHS, KillBench, type Verb } from "./kill.ts";
import { inParallel } from "./parallel.ts";
import { killRuns } from "./trace.ts";

const COUNT = Number(process.env.N ?? "24");
/** The machine has two processors at least; more hosts than that only wait for each other. */
const HOSTS = 2;

const benches: KillBench[] = [];

beforeAll(async () => {
  const plugin = builtPlugin();
  for (let host = 0; host < HOSTS; host++) benches.push(new KillBench(`pcr${process.pid}k${host}`, plugin));
  await Promise.all(benches.map((bench) => bench.start()));
}, 180_000);

afterAll(() => {
  for (const bench of benches) bench.remove();
});

describe(`killed ${COUNT} times at the entry of a system call`, () => {
  test.each<Verb>(["ADD", "DEL", "GC"])(
    "%s leaves nothing that a retry, DEL, GC or the first STATUS of the next boot does not put right",
    async (verb) => {
      const [first] = benches;
      if (first === undefined) throw new Error("no host");
      const runs = killRuns(await first.trace(verb), AFTERMATHS, { count: COUNT, phase: Math.random() });
      const found: string[] = [];
      let killed = 0;
      await inParallel(benches, runs, async (bench, run) => {
        const outcome = await bench.run(verb, run);
        if (outcome.killed) killed++;
        found.push(...outcome.faults.map((fault) => `${run.call.name} ${run.call.ordinal}, ${run.aftermath}: ${fault}`));
      });
      expect(found).toEqual([]);
      expect(killed).toBeGreaterThanOrEqual(0.9 * COUNT);
    },
    60_000 + COUNT * 5_000,
  );
});
