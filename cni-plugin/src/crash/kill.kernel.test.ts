import { afterEach, describe, expect, test } from "@jest/globals";
import { builtPlugin } from "../plugin-harness.ts";
import { AFTERMATHS, KillBench, type Situation, type Verb } from "./kill.ts";
import { inParallel } from "./parallel.ts";
import { killRuns } from "./trace.ts";

const COUNT = Number(process.env.N ?? "8");
/** The machine has two processors at least; more hosts than that only wait for each other. */
const HOSTS = 2;

/** So many calls just before are tried in the place of one to which a run did not come; then those at half the way. */
const NEIGHBOURS = 2;

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
  await inParallel(benches, runs, async (bench, { call, aftermath }) => {
    // Threads wake each other more or less often from run to run, so that the last calls of a name may not come.
    for (let { ordinal } = call; ordinal > 0; ordinal = call.ordinal - ordinal < NEIGHBOURS ? ordinal - 1 : Math.floor(ordinal / 2)) {
      const outcome = await bench.run(verb, { call: { ...call, ordinal }, aftermath });
      found.push(...outcome.faults.map((fault) => `${call.name} ${ordinal}, ${aftermath}: ${fault}`));
      if (outcome.killed) killed++;
      if (outcome.killed) break;
    }
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
    ["ADD", "first in the next boot", COUNT / 4],
    ["GC", "first in the next boot", COUNT / 4],
    ["STATUS", "first in the next boot", COUNT / 4],
  ])(
    "%s %s leaves nothing that a retry, DEL, GC or the first STATUS of the next boot does not put right (%i times)",
    async (verb, situation, count) => {
      const { found, killed } = await kill(verb, situation, count);
      expect(found).toEqual([]);
      expect(killed).toBeGreaterThanOrEqual(Math.floor(0.9 * count));
    },
    240_000 + COUNT * 5_000,
  );
});
