import { afterEach, describe, expect, test } from "@jest/globals";
import { builtPlugin } from "../plugin-harness.ts";
import { AFTERMATHS, KillBench, type Situation, type Verb } from "./kill.ts";
import { inParallel } from "./parallel.ts";
import { killRuns } from "./trace.ts";

const COUNT = Number(process.env.N ?? "12");
/** The machine has two processors at least; more hosts than that only wait for each other. */
const HOSTS = 2;

const benches: KillBench[] = [];

afterEach(() => {
  for (const bench of benches.splice(0)) bench.remove();
});

/** Kills `count` times and answers what was wrong afterwards, and how many kills found the plugin alive. */
async function kill(verb: Verb, situation: Situation, count: number): Promise<{ found: readonly string[]; killed: number }> {
  const plugin = builtPlugin();
  for (let host = 0; host < HOSTS; host++) benches.push(new KillBench(`pcr${process.pid}k${host}`, plugin, situation));
  await Promise.all(benches.map((bench) => bench.start()));
  const [first] = benches;
  if (first === undefined) throw new Error("no host");
  const runs = killRuns(await first.trace(verb), AFTERMATHS, { count, phase: Math.random() });
  const found: string[] = [];
  let killed = 0;
  await inParallel(benches, runs, async (bench, run) => {
    const outcome = await bench.run(verb, run);
    if (outcome.killed) killed++;
    found.push(...outcome.faults.map((fault) => `${run.call.name} ${run.call.ordinal}, ${run.aftermath}: ${fault}`));
  });
  return { found, killed };
}

describe("killed at the entry of a system call", () => {
  test.each<[Verb, Situation, number]>([
    ["ADD", "beside another pod", COUNT],
    ["DEL", "beside another pod", COUNT],
    ["GC", "beside another pod", COUNT],
    ["ADD", "on a new host", COUNT / 2],
    ["ADD", "when the ledger is made short", COUNT / 4],
    ["DEL", "when the ledger is made short", COUNT / 4],
    ["GC", "when the ledger is made short", COUNT / 4],
  ])(
    "%s %s leaves nothing that a retry, DEL, GC or the first STATUS of the next boot does not put right (%i times)",
    async (verb, situation, count) => {
      const { found, killed } = await kill(verb, situation, count);
      expect(found).toEqual([]);
      expect(killed).toBeGreaterThanOrEqual(0.8 * count);
    },
    240_000 + COUNT * 5_000,
  );
});
