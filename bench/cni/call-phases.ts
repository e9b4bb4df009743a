import type { Trace, TracedCall } from "./trace-calls.ts";

/** A part of a call's time. */
export interface Phase {
  readonly name: string;
  /** Median over all calls, ms. */
  readonly ms: number;
}

const NS_PER_MS = 1e6;

/** In the order in which they are told. */
const PHASES = [
  "exec to main",
  "modules, standard input",
  "configuration, boot id",
  "addon",
  "namespace, sockets",
  "ledger",
  "fdatasync",
  "host links: program",
  "host links: kernel",
  "pod: program",
  "pod: kernel",
  "nft: program",
  "nft: kernel",
  "answer",
  "exit",
] as const;
type PhaseName = (typeof PHASES)[number];

/** What one call spent in each phase, ms. */
export type Times = ReadonlyMap<PhaseName, number>;

/** What a process does between two calls counts to the phase of the call that it leads to. */
export function timesOf({ main, calls }: Trace, began: number, total: number): Times {
  const times = new Map<PhaseName, number>([["exec to main", (main - began) / NS_PER_MS]]);
  const add = (name: PhaseName, ns: number) => times.set(name, (times.get(name) ?? 0) + ns / NS_PER_MS);
  const where = new Whereabouts();
  let last = main;
  for (const call of calls) {
    const [, start, end] = call;
    const { between, inside } = where.phasesOf(call);
    // A call inside another, as closing is one of reading, has been counted with it.
    if (end <= last) continue;
    add(between, Math.max(0, start - last));
    add(inside, end - Math.max(start, last));
    last = end;
  }
  add("exit", began + total - last);
  return times;
}

const ANSWER = "writeSync 1";
type Side = "host links" | "pod" | "nft";

/** Knows which socket leads where. */
class Whereabouts {
  readonly #sockets = new Map<string, Side>();
  readonly #opened: Side[] = [];
  #isInPod = false;

  phasesOf([name]: TracedCall): { readonly between: PhaseName; readonly inside: PhaseName } {
    const phase = this.#sided(name) ?? { between: plain(name), inside: plain(name) };
    return phase;
  }

  #sided(name: string): { readonly between: PhaseName; readonly inside: PhaseName } | undefined {
    const [call = "", first = "", , third] = name.split(" ");
    if (call === "setns") this.#isInPod = !this.#isInPod;
    if (call === "socket") this.#opened.push(third === "12" || name.endsWith(" 12") ? "nft" : this.#isInPod ? "pod" : "host links");
    if (call === "setsockopt" && !this.#sockets.has(first)) this.#sockets.set(first, this.#opened.at(-1) ?? "host links");
    const side = this.#sockets.get(first);
    if ((call !== "send" && call !== "recv") || side === undefined) return undefined;
    return { between: `${side}: program`, inside: call === "send" ? `${side}: kernel` : `${side}: program` };
  }
}

function plain(name: string): PhaseName {
  if (name === "readFileSync 0") return "modules, standard input";
  if (name === ANSWER) return "answer";
  if (name.startsWith("fdatasync")) return "fdatasync";
  if (/dlopen|^bind|^openSync \/(run|dev\/shm|tmp|var\/tmp)$/.test(name)) return "addon";
  if (/^(socket|setsockopt|setns)|netns|\/ns\/net|\/proc\/sys\/net/.test(name)) return "namespace, sockets";
  if (name.includes("/dev/urandom")) return "host links: program";
  if (/boot_id|cni\.json/.test(name)) return "configuration, boot id";
  return "ledger";
}

export function medians(all: readonly Times[]): readonly Phase[] {
  return PHASES.map((name) => {
    const sorted = all.map((times) => times.get(name) ?? 0).sort((a, b) => a - b);
    return { name, ms: sorted[Math.floor(sorted.length / 2)] ?? 0 };
  }).filter(({ ms }) => ms > 0);
}
