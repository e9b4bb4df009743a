// Kills the CNI plugin, and beside it the chain of reference plugins that does the same work, at the entry of system calls of ADD and DEL,
// and counts what is left over after a retry, a DEL, a GC, or a reboot. N is the number of kills for each verb and contender (100 when
// absent). Needs root, strace and Debian's containernetworking-plugins. All kills go to bench/results/crash.json; the last lines are
// `FIGURE name value unit target ok|short`.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Aftermath,
  inParallel,
  KillBench,
  type KillOutcome,
  type KillRun,
  killRuns,
  type TracedCall,
  type TraceParts,
} from "@pharos/cni-plugin/crash";
import { countsOf, type KillCounts, type KillRecord, perThousand } from "./crash/counts.ts";
import { reclaim } from "./crash/reclaim.ts";
import { ReferenceBench } from "./crash/reference-chain.ts";

const COUNT = Number(process.env.N ?? "100");
const HOSTS = 2;
const VERBS = ["ADD", "DEL"] as const;
/** Those that both know. */
const AFTERMATHS: readonly Aftermath[] = ["retry", "DEL", "GC", "reboot"];
const RECLAIM_TARGET_MS = 2000;
const ROOT = join(import.meta.dirname, "..");

/** One of the two that are compared. */
interface Contender<Call extends TracedCall> {
  start(): Promise<void>;
  trace(verb: "ADD" | "DEL"): Promise<TraceParts<Call>>;
  run(verb: "ADD" | "DEL", run: KillRun<Aftermath, Call>): Promise<KillOutcome>;
  remove(): void;
}

async function killed<Call extends TracedCall>(name: string, makeOne: (host: number) => Contender<Call>): Promise<readonly KillRecord[]> {
  const contenders = Array.from({ length: HOSTS }, (_, host) => makeOne(host));
  const records: KillRecord[] = [];
  try {
    for (const contender of contenders) await contender.start();
    for (const verb of VERBS) {
      const [first] = contenders;
      if (first === undefined) break;
      const parts = await first.trace(verb);
      console.log(`bench: ${name} ${verb}: ${COUNT} kills at ${parts.start.length} + ${parts.own.length} system calls`);
      await inParallel(contenders, killRuns(parts, AFTERMATHS, { count: COUNT, phase: Math.random() }), async (contender, run) => {
        const { killed: hit, faults } = await contender.run(verb, run);
        if (hit) records.push({ verb, call: nameOf(run.call), aftermath: run.aftermath, faults });
      });
    }
  } finally {
    for (const contender of contenders) contender.remove();
  }
  return records;
}

function nameOf(call: TracedCall & { readonly program?: string }): string {
  return [call.program, call.name, call.ordinal].filter((part) => part !== undefined).join(" ");
}

function report(name: string, counts: KillCounts): void {
  const parts = Object.entries(counts.byAftermath).map(([aftermath, { kills, leaky }]) => `${aftermath} ${leaky}/${kills}`);
  const leaked = Object.entries(counts.leaked).map(([kind, count]) => `${count} ${kind}`);
  console.log(`bench: ${name}: left something over: ${parts.join(", ")} (${leaked.join(", ") || "nothing"}); refused ${counts.refused}`);
}

/** `target` is an upper bound; `-`: a figure to watch, without one. */
function figure(name: string, value: number, unit: string, target?: number): void {
  const ok = target === undefined || value <= target;
  console.log(`FIGURE ${name} ${value.toFixed(1)} ${unit} ${target ?? "-"} ${ok ? "ok" : "short"}`);
}

execFileSync(process.execPath, [join(ROOT, "scripts/build-plugin.ts")], { stdio: ["ignore", "ignore", "inherit"] });
const plugin = join(ROOT, "dist/pharos-cni");
const pharos = await killed("pharos", (host) => new KillBench(`pcrb${process.pid}p${host}`, plugin));
const chain = await killed("chain", (host) => new ReferenceBench(`pcrb${process.pid}c${host}`));
const reclaimed = await reclaim(`pcrb${process.pid}r`, plugin);
const results = join(import.meta.dirname, "results");
mkdirSync(results, { recursive: true });
writeFileSync(
  join(results, "crash.json"),
  `${JSON.stringify({ counts: { pharos: countsOf(pharos), chain: countsOf(chain) }, reclaimed, pharos, chain }, undefined, 1)}\n`,
);
for (const [name, records] of [
  ["pharos", pharos],
  ["chain", chain],
] as const)
  report(name, countsOf(records));
figure("crash_kills", countsOf(pharos).kills, "kills");
figure("crash_leaky_kills", perThousand(countsOf(pharos)), "per_1000", 0);
figure("crash_doubled_addresses", countsOf(pharos).doubled, "kills", 0);
figure("crash_refused", countsOf(pharos).refused, "kills", 0);
figure("crash_leaky_kills_of_chain", perThousand(countsOf(chain)), "per_1000");
// Neither a GC nor a first call of a boot is theirs, so these two are shown alone.
const own = chain.filter(({ aftermath }) => aftermath === "DEL" || aftermath === "retry");
figure("crash_leaky_kills_of_chain_after_del", perThousand(countsOf(own)), "per_1000");
figure("crash_refused_of_chain", countsOf(chain).refused, "kills");
figure("reclaim_after_reboot", reclaimed.ms, "ms", RECLAIM_TARGET_MS);
figure("held_after_reboot", reclaimed.held, "addresses", 0);
