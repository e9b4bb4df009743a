// Compiles and applies the firewall of a vehicle with 10 hosts, 50 bridges and 10,000 forwardRules, beside plain `nft -f -` of the same
// rules in the same run. Needs root. Raw samples go to bench/results/apply.json; the last lines are
// `FIGURE name value unit target ok|short`.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { largeContent } from "./apply/content.ts";
import { HUB } from "./apply/vehicle.ts";

const COMPILES = 5;
const BLOCKS = 6;
const NAMESPACE = `phbench${process.pid}`;

interface Compiled {
  readonly ms: number;
  readonly peakMiB: number;
  readonly growthMiB: number;
  readonly errors: readonly string[];
  readonly firewall: readonly { readonly kind: string; readonly rules?: readonly unknown[]; readonly elements?: readonly unknown[] }[];
}

interface Applied {
  readonly samples: readonly { readonly kind: "pharos" | "nft"; readonly block: number; readonly ms: number }[];
  readonly unchanged: readonly number[];
  readonly one: readonly number[];
  readonly transactionBytes: number;
  readonly peakMiB: number;
}

const folder = mkdtempSync(join(tmpdir(), "pharos-bench-"));
execFileSync("ip", ["netns", "add", NAMESPACE]);
try {
  run();
} finally {
  execFileSync("ip", ["netns", "delete", NAMESPACE]);
  rmSync(folder, { recursive: true });
}

function run(): void {
  console.log("bench: parse and freeze 10 hosts, 50 bridges, 10,000 forwardRules");
  const content = written("content.json", largeContent());
  console.log(`bench: compile for ${HUB}, ${COMPILES} times, each in a process of its own`);
  const compiles = [...Array(COMPILES).keys()].map(() => child<Compiled>("compile-once.ts", content, HUB));
  const [{ firewall, errors }] = compiles as [Compiled];
  if (errors.length > 0) throw new Error(errors.join("\n"));
  const rules = firewall.reduce((sum, object) => sum + (object.rules?.length ?? 0), 0);
  const elements = firewall.reduce((sum, object) => sum + (object.elements?.length ?? 0), 0);
  console.log(`bench: apply ${rules} rules and ${elements} elements in ${firewall.length} objects, ${BLOCKS} blocks of A B B A`);
  const applied = child<Applied>("apply-blocks.ts", written("firewall.json", firewall), NAMESPACE, String(BLOCKS));
  report({ compiles: compiles.map(({ ms, peakMiB, growthMiB }) => ({ ms, peakMiB, growthMiB })), rules, elements, ...applied });
}

function written(name: string, value: unknown): string {
  const file = join(folder, name);
  writeFileSync(file, JSON.stringify(value));
  return file;
}

/** Runs a script of bench/apply on one CPU, where `taskset` is there to choose it, and reads its line of JSON. */
function child<T>(script: string, ...args: readonly string[]): T {
  const node = [process.execPath, join(import.meta.dirname, "apply", script), ...args];
  const pinned = spawnSync("taskset", ["-V"]).status === 0 ? ["taskset", "-c", "0", ...node] : node;
  const [command = "", ...rest] = pinned;
  return JSON.parse(execFileSync(command, rest, { encoding: "utf8", maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "inherit"] }));
}

interface Measured extends Applied {
  readonly compiles: readonly { readonly ms: number; readonly peakMiB: number; readonly growthMiB: number }[];
  readonly rules: number;
  readonly elements: number;
}

function report(measured: Measured): void {
  const results = join(import.meta.dirname, "results");
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, "apply.json"), `${JSON.stringify(measured, undefined, 2)}\n`);
  const of = (kind: "pharos" | "nft", block: number) =>
    mean(measured.samples.filter((sample) => sample.kind === kind && sample.block === block).map(({ ms }) => ms));
  const blocks = [...new Set(measured.samples.map(({ block }) => block))];
  figure("firewall_rules", measured.rules, "rules");
  figure("compile_time", median(measured.compiles.map(({ ms }) => ms)), "ms");
  figure("compile_peak_memory", median(measured.compiles.map(({ peakMiB }) => peakMiB)), "MiB");
  figure("compile_memory_growth", median(measured.compiles.map(({ growthMiB }) => growthMiB)), "MiB");
  figure("apply_pharos", median(blocks.map((block) => of("pharos", block))), "ms");
  figure("apply_plain_nft", median(blocks.map((block) => of("nft", block))), "ms");
  figure("apply_nothing_to_do", median(measured.unchanged), "ms");
  figure("apply_one_rule", median(measured.one), "ms");
  figure("apply_ratio", median(blocks.map((block) => of("pharos", block) / of("nft", block))), "x", 3);
}

/** `target` is an upper bound; `-`: a figure to watch, without one. */
function figure(name: string, value: number, unit: string, target?: number): void {
  const ok = target === undefined || value <= target;
  console.log(`FIGURE ${name} ${value.toFixed(2)} ${unit} ${target ?? "-"} ${ok ? "ok" : "short"}`);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return ((sorted[Math.floor((sorted.length - 1) / 2)] ?? 0) + (sorted[Math.ceil((sorted.length - 1) / 2)] ?? 0)) / 2;
}
