import type { Phase } from "./call-phases.ts";
import type { Call } from "./runtime.ts";

interface Sample {
  readonly ms: number;
  /** User and system time, of the program and what it started, ms. */
  readonly cpu: number;
}

interface Interleaved {
  /** By the competitor's name, oldest first. */
  readonly calls: Readonly<Record<string, { readonly add: readonly Call[]; readonly del: readonly Call[] }>>;
  /** What was left on each host after the last DEL. */
  readonly left: Readonly<Record<string, { readonly links: number; readonly firewall: number; readonly addresses: number }>>;
}

/** All samples of a run. */
export interface Measured {
  readonly starts: { readonly version: readonly Sample[]; readonly node: readonly Sample[] };
  readonly phases: { readonly add: readonly Phase[]; readonly del: readonly Phase[] };
  readonly whole: Interleaved;
  readonly bare: Interleaved;
  readonly crowded: { readonly many: readonly Call[]; readonly few: readonly Call[] };
  readonly bursts: Readonly<Record<string, { readonly seconds: number; readonly calls: readonly Call[] }>>;
}

/** Position of the plugin `firewall` in a chain: the one whose work has no counterpart of ours on a host whose agent filters. */
const FIREWALL = { add: 2, del: 1 } as const;

/** The figures as lines `FIGURE name value unit target ok|short`; target `-`: to watch, without one. */
export function figuresOf({ starts, phases, whole, bare, crowded, bursts }: Measured): readonly string[] {
  const peers = Object.keys(whole.calls).filter((name) => name !== "pharos");
  return [
    ...phaseTable("ADD", phases.add),
    ...phaseTable("DEL", phases.del),
    atMost("start_beyond_node", quantile(ms(starts.version), 0.5) / quantile(ms(starts.node), 0.5), "x", 1.15),
    atMost("start_version", quantile(ms(starts.version), 0.5), "ms"),
    ...Object.entries(whole.calls).flatMap(([name, { add, del }]) => [
      atMost(`add_p50_${name}`, quantile(ms(add), 0.5), "ms"),
      atMost(`add_p99_${name}`, quantile(ms(add), 0.99), "ms"),
      atMost(`add_cpu_p50_${name}`, quantile(cpu(add), 0.5), "ms"),
      atMost(`del_p50_${name}`, quantile(ms(del), 0.5), "ms"),
      atMost(`del_cpu_p50_${name}`, quantile(cpu(del), 0.5), "ms"),
    ]),
    ...peers.flatMap((peer) => ratiosOf(whole, peer)),
    ...Object.entries(whole.left).map(([name, { links, firewall, addresses }]) =>
      atMost(`left_after_del_${name}`, links + firewall + addresses, "objects", name === "pharos" ? 0 : undefined),
    ),
    ...Object.entries(bare.calls).flatMap(([name, { add, del }]) => [
      atMost(`bare_add_p50_${name}`, quantile(ms(add), 0.5), "ms"),
      atMost(`bare_del_p50_${name}`, quantile(ms(del), 0.5), "ms"),
    ]),
    atMost("add_at_many_over_few", quantile(ms(crowded.many), 0.5) / quantile(ms(crowded.few), 0.5), "x", 1.1),
    ...Object.entries(bursts).map(([name, burst]) => atMost(`burst_${name}`, rate(burst), "pods/s")),
    ...Object.entries(bursts)
      .filter(([name]) => name !== "pharos")
      .map(([name, burst]) => atLeast(`burst_over_${name}`, rate(bursts.pharos ?? burst) / rate(burst), "x", 3)),
  ];
}

/** Our times as shares of a chain's. The chain without its firewall is told too. */
function ratiosOf({ calls }: Interleaved, peer: string): readonly string[] {
  const [ours, theirs] = [calls.pharos, calls[peer]];
  if (ours === undefined || theirs === undefined) return [];
  // The newest release by nftables is no default of it, so it has no target.
  const target = (value: number) => (peer === "newest-nft" ? undefined : value);
  const ratio = (q: number, mine: readonly Call[], other: readonly Call[]) => quantile(ms(mine), q) / quantile(ms(other), q);
  const without = (list: readonly Call[], index: number) => list.map((call) => ({ ...call, ms: call.ms - (call.parts[index] ?? 0) }));
  return [
    atMost(`add_p50_over_${peer}`, ratio(0.5, ours.add, theirs.add), "x", target(0.33)),
    atMost(`add_p99_over_${peer}`, ratio(0.99, ours.add, theirs.add), "x", target(0.5)),
    atMost(`del_p50_over_${peer}`, ratio(0.5, ours.del, theirs.del), "x", target(0.2)),
    atMost(`add_p50_over_${peer}_without_firewall`, ratio(0.5, ours.add, without(theirs.add, FIREWALL.add)), "x"),
    atMost(`del_p50_over_${peer}_without_firewall`, ratio(0.5, ours.del, without(theirs.del, FIREWALL.del)), "x"),
  ];
}

function phaseTable(verb: string, phases: readonly Phase[]): readonly string[] {
  const width = Math.max(...phases.map(({ name }) => name.length));
  return [`phases of ${verb}, ms`, ...phases.map(({ name, ms: time }) => `  ${name.padEnd(width)} ${time.toFixed(2).padStart(7)}`)];
}

function rate({ seconds, calls }: { readonly seconds: number; readonly calls: readonly Call[] }): number {
  return calls.length / seconds;
}

function ms(samples: readonly Sample[]): readonly number[] {
  return samples.map((sample) => sample.ms);
}

function cpu(samples: readonly Sample[]): readonly number[] {
  return samples.map((sample) => sample.cpu);
}

function atMost(name: string, value: number, unit: string, target?: number): string {
  return figure({ name, value, unit, target }, target === undefined || value <= target);
}

function atLeast(name: string, value: number, unit: string, target: number): string {
  return figure({ name, value, unit, target }, value >= target);
}

function figure(
  { name, value, unit, target }: { name: string; value: number; unit: string; target: number | undefined },
  isMet: boolean,
): string {
  return `FIGURE ${name} ${value.toFixed(2)} ${unit} ${target ?? "-"} ${isMet ? "ok" : "short"}`;
}

/** By nearest rank. */
function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
