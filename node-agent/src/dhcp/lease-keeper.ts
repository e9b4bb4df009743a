import { readFileSync } from "node:fs";
import { type Clock, describeError, type Log, Wake } from "@pharos/base";
import { keyText, type LedgerEntry } from "@pharos/ledger";
import { CallBackoff } from "../pods/call-backoff.ts";
import { netnsState } from "../pods/netns-state.ts";
import { networkName, type PluginRunner } from "../pods/run-plugin.ts";
import type { ReportedCondition } from "../report.ts";
import { type LeaseProblem, leaseCondition } from "./lease-condition.ts";
import { nextAsk } from "./next-ask.ts";

export interface LeaseKeeperOptions {
  /** The attachments that hold at this moment. */
  readonly ledger: () => readonly LedgerEntry[];
  readonly plugin: Pick<PluginRunner, "run" | "renew" | "settings">;
  /** After a change of `conditions`. */
  readonly onStanding: () => void;
  /** Milliseconds since boot, time asleep included; absent: the kernel's. Leases are measured by it, so no jump of the wall clock ends one. */
  readonly bootTime?: () => number;
  readonly clock: Clock;
  readonly log: Log;
}

/** A timer does not run while the machine sleeps, so it is never set for longer. */
const LONGEST_WAIT_MS = 10_000;
/** Between two calls of the plugin. */
const LEAST_WAIT_MS = 200;

type Leased = LedgerEntry & { readonly lease: NonNullable<LedgerEntry["lease"]> };

/**
 * Sees to it that the DHCP leases of this host's pods are prolonged in time, that a pod whose lease is over loses the address, and that it
 * gets it again when a server gives it. The plugin does the work and writes it into the ledger, from which alone this knows what there
 * is: an agent that starts anew goes on where the last one ended.
 */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  readonly #wake: Wake;
  readonly #bootTime: () => number;
  readonly #backoff: CallBackoff;
  /** By key of the ledger: when servers were asked last without success, and what came of it. */
  readonly #asked = new Map<string, { readonly startMs: number; readonly atMs: number; readonly message: string | undefined }>();
  #conditions: readonly ReportedCondition[] = [];

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
    this.#wake = new Wake(options.clock);
    this.#bootTime = options.bootTime ?? kernelBootTime;
    this.#backoff = new CallBackoff(options.clock);
  }

  /** None on a host without leases. */
  get conditions(): readonly ReportedCondition[] {
    return this.#conditions;
  }

  /** The ledger has changed. */
  call(): void {
    this.#wake.ring();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { log, clock } = this.#options;
    let problem = "";
    while (!signal.aborted) {
      let waitMs = LONGEST_WAIT_MS;
      try {
        waitMs = await this.#round(signal);
        problem = "";
      } catch (error) {
        if (problem !== describeError(error)) log.error("cannot look after the leases of pods", { error: describeError(error) });
        problem = describeError(error);
      }
      if (signal.aborted) return;
      await clock.sleep(LEAST_WAIT_MS, signal);
      await this.#wake.wait(waitMs, signal);
    }
  }

  /** Returns when to look again, in ms. */
  async #round(signal: AbortSignal): Promise<number> {
    if (this.#running().some((entry) => this.#nextAsk(entry) <= this.#bootTime())) await this.#renew();
    this.#tell();
    for (const entry of this.#leased().filter(({ lease }) => lease.isOver === true)) {
      if (signal.aborted) return 0;
      await this.#regain(entry);
    }
    this.#forget();
    this.#tell();
    const next = Math.min(...this.#running().map((entry) => this.#nextAsk(entry)));
    return Math.min(Math.max(next - this.#bootTime(), 0), LONGEST_WAIT_MS);
  }

  #leased(): readonly Leased[] {
    return this.#options.ledger().filter((entry): entry is Leased => entry.lease !== undefined);
  }

  #running(): readonly Leased[] {
    return this.#leased().filter(({ lease }) => lease.isOver !== true);
  }

  #nextAsk({ key, lease }: Leased): number {
    const asked = this.#asked.get(keyText(key));
    return nextAsk(lease, asked?.startMs === lease.startMs ? asked.atMs : undefined);
  }

  /** One call for all leases that are due. */
  async #renew(): Promise<void> {
    const atMs = this.#bootTime();
    const before = this.#running();
    const told = await this.#options.plugin.renew();
    for (const entry of before) {
      const result = told.find(({ containerID, ifname }) => containerID === entry.key.containerID && ifname === entry.key.ifname);
      if (result !== undefined) this.#note(entry, { atMs, ...result });
      else if (this.#nextAsk(entry) <= atMs) this.#note(entry, { atMs, outcome: "failed", message: "the plugin does not know it" });
    }
  }

  #note(
    entry: Leased,
    { atMs, outcome, message }: { readonly atMs: number; readonly outcome: string; readonly message?: string | undefined },
  ): void {
    const { log } = this.#options;
    const key = keyText(entry.key);
    const facts = { pod: titleOf(entry), address: entry.lease.address, server: entry.lease.server, why: message };
    if (outcome === "renewed") {
      if (this.#asked.delete(key)) log.info("a DHCP server prolongs the lease again", facts);
      else log.debug("DHCP lease prolonged", facts);
      return;
    }
    const isFirst = !this.#asked.has(key);
    this.#asked.set(key, { startMs: entry.lease.startMs, atMs, message: message ?? (outcome === "silent" ? undefined : outcome) });
    if (outcome === "over") log.error("a pod lost its address: its DHCP lease is over", facts);
    else if (isFirst) log.warn("a DHCP lease could not be prolonged", { ...facts, outcome });
  }

  /** A repeated ADD asks for the same address, and puts it back with all that leads to it. */
  async #regain(entry: Leased): Promise<void> {
    const { plugin, log } = this.#options;
    const { key, pod, primary, bootId } = entry;
    const netns = netnsState(entry.netns);
    // Entries of other networks are of configurations that the agent does not have.
    const isOurs = key.network === networkName(plugin.settings);
    if (!isOurs || netns.kind !== "there" || !this.#backoff.isDue(keyText(key))) return;
    this.#backoff.called(keyText(key));
    const expects = { bootId, ...(entry.netns === undefined ? {} : { netns: entry.netns }) };
    const call = { containerID: key.containerID, ifname: primary ?? key.ifname, netns: netns.path, ...(pod === undefined ? {} : { pod }) };
    try {
      await plugin.run({ verb: "ADD", ...call, expects });
      this.#asked.delete(keyText(key));
      log.info("a pod has its address again", { pod: titleOf(entry), address: entry.lease.address });
    } catch (error) {
      log.debug("a pod does not get its address again", { pod: titleOf(entry), address: entry.lease.address, error: describeError(error) });
    }
  }

  /** Leases that are there no more. */
  #forget(): void {
    const held = new Set(this.#leased().map(({ key }) => keyText(key)));
    for (const key of this.#asked.keys()) if (!held.has(key)) this.#asked.delete(key);
  }

  #tell(): void {
    const leased = this.#leased();
    const next = leased.length === 0 ? [] : [leaseCondition(leased.flatMap((entry) => this.#problemOf(entry)))];
    if (next[0]?.message === this.#conditions[0]?.message) return;
    this.#conditions = next;
    this.#options.onStanding();
  }

  #problemOf(entry: Leased): readonly LeaseProblem[] {
    const asked = this.#asked.get(keyText(entry.key));
    const isOver = entry.lease.isOver === true;
    if (!isOver && asked === undefined) return [];
    return [
      { pod: titleOf(entry), address: entry.lease.address, isOver, ...(asked?.message === undefined ? {} : { message: asked.message }) },
    ];
  }
}

function titleOf({ pod, key }: LedgerEntry): string {
  return pod === undefined ? key.containerID : `${pod.namespace}/${pod.name}`;
}

function kernelBootTime(): number {
  return Math.round(Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]) * 1000);
}
