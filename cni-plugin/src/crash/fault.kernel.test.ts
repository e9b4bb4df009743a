import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { builtPlugin } from "../plugin-harness.ts";
import { type Fault, FaultBench, faultsOf } from "./fault.ts";
import type { Verb } from "./kill.ts";
import { inParallel } from "./parallel.ts";
import { sampled } from "./trace.ts";

const COUNT = Number(process.env.N ?? "8");
/** The machine has two processors at least; more hosts than that only wait for each other. */
const HOSTS = 2;

const benches: FaultBench[] = [];

beforeAll(async () => {
  const plugin = builtPlugin();
  for (let host = 0; host < HOSTS; host++) benches.push(new FaultBench(`pcr${process.pid}f${host}`, plugin));
  await Promise.all(benches.map((bench) => bench.start()));
}, 180_000);

afterAll(() => {
  for (const bench of benches) bench.remove();
});

describe("a system call on the ledger or a netlink socket that fails", () => {
  test.each<Verb>(["ADD", "DEL", "GC"])(
    "in %s is a CNI error that says whether to try again, leaves nothing of an ADD or what DEL and GC remove, and the same call succeeds afterwards",
    async (verb) => {
      const [first] = benches;
      if (first === undefined) throw new Error("no host");
      const chosen = sampled(faultsOf(await first.trace(verb)), { count: COUNT, phase: Math.random() });
      const found: string[] = [];
      let injected = 0;
      await inParallel(benches, chosen, async (bench, fault: Fault) => {
        const outcome = await bench.run(verb, fault);
        if (outcome.injected) injected++;
        found.push(
          ...outcome.faults.map(
            (text) => `${fault.call.name} ${fault.call.ordinal} ${fault.error}${fault.lasts ? " for good" : ""}: ${text}`,
          ),
        );
      });
      expect(found).toEqual([]);
      expect(injected).toBeGreaterThanOrEqual(0.7 * chosen.length);
    },
    60_000 + COUNT * 10_000,
  );
});
