import { type Clock, describeError, type Log } from "@pharos/base";
import type { HostReport } from "@pharos/kinds";
import { type Home, refOf } from "@pharos/store";
import { unlessGone } from "./act.ts";

export interface GoneHostsOptions {
  readonly home: Pick<Home, "store" | "machines">;
  readonly clock: Clock;
  readonly log: Log;
  /** Hosts whose agents can be reached now; absent where nobody knows. */
  readonly connectedHosts?: () => ReadonlySet<string>;
  /** How long a node has to be gone, in ms; a minute when not given: some platforms make a node anew when they change it. */
  readonly goneAfter?: number;
}

/** Names the node that a report was written on. */
const NODE_ANNOTATION = "pharos.io/node";
const GONE_AFTER = 60_000;

/**
 * Hosts whose node does not exist any more. One that is merely not ready exists; a host that is no node of the platform never had one;
 * and one whose agent can be reached is there, whatever the platform says. A platform that shows no node at all says nothing.
 */
export function goneHosts(
  reports: readonly HostReport[],
  nodes: ReadonlyMap<string, string>,
  connected: ReadonlySet<string>,
): readonly HostReport[] {
  const hosts = new Set(nodes.values());
  return nodes.size === 0
    ? []
    : reports.filter(({ metadata }) => {
        const node = metadata.annotations?.[NODE_ANNOTATION];
        return node !== undefined && !nodes.has(node) && !hosts.has(metadata.name) && !connected.has(metadata.name);
      });
}

/** Collects what hosts left whose nodes are gone for good: their attachments, their Leases, and at last their reports. */
export class GoneHosts {
  readonly #options: GoneHostsOptions;
  #since: ReadonlyMap<string, number> = new Map();
  #problem = "";

  constructor(options: GoneHostsOptions) {
    this.#options = options;
  }

  /** Returns when the next host is due, in monotonic ms. What may not be deleted is told once and tried again. */
  async collect(reports: readonly HostReport[]): Promise<number | undefined> {
    const { home, clock, log, connectedHosts, goneAfter = GONE_AFTER } = this.#options;
    const nodes = home.machines?.known();
    if (nodes === undefined) return undefined;
    const now = clock.monotonic();
    const gone = goneHosts(reports, nodes, connectedHosts?.() ?? new Set());
    this.#since = new Map(gone.map(({ metadata }) => [metadata.name, this.#since.get(metadata.name) ?? now]));
    const isDue = ({ metadata }: HostReport) => now - (this.#since.get(metadata.name) ?? now) >= goneAfter;
    try {
      for (const report of gone.filter(isDue)) await this.#collectOne(report);
      this.#problem = "";
    } catch (error) {
      const problem = describeError(error);
      if (problem !== this.#problem) log.warn("cannot collect what a gone host left", { error: problem });
      this.#problem = problem;
    }
    const waiting = gone.filter((report) => !isDue(report)).map(({ metadata }) => (this.#since.get(metadata.name) ?? now) + goneAfter);
    return waiting.length === 0 ? undefined : Math.min(...waiting);
  }

  /** The report goes last: it is what says that there is something to collect. */
  async #collectOne(report: HostReport): Promise<void> {
    const { home, log } = this.#options;
    const host = report.metadata.name;
    const { items } = await home.store.list("PodNetwork");
    const left = items.filter(({ spec }) => spec.host === host && spec.request === undefined);
    for (const attachment of left) await unlessGone(home.store.delete(refOf(attachment)));
    await home.machines?.forget(host);
    await unlessGone(home.store.delete(refOf(report)));
    log.info("collected what a host left whose node is gone", { host, attachments: left.length });
  }
}
