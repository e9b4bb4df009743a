import { type Clock, describeError, hasCode, type Log } from "@pharos/base";
import { STORE_CONFLICT, STORE_EXISTS } from "../codes.ts";
import type { Elector, Leadership } from "../home.ts";
import { type LeasePort, type LeaseRecord, microTime } from "./lease.ts";

/** Times of an election, in ms. Others take a lease that stood still for `lease`; its holder stops acting after `renewDeadline`. */
export interface ElectionTimes {
  readonly lease: number;
  readonly renewDeadline: number;
  readonly retry: number;
}

const TIMES: ElectionTimes = { lease: 15_000, renewDeadline: 10_000, retry: 2000 };

export interface ElectorOptions {
  readonly lease: LeasePort;
  /** Unique for each process, also for a restarted one. */
  readonly identity: string;
  readonly clock: Clock;
  /**
   * ms of a clock that also counts while the machine sleeps (CLOCK_BOOTTIME): a suspended leader must not believe, after
   * it woke, that no time has passed.
   */
  readonly bootTime: () => number;
  readonly log: Log;
  readonly times?: ElectionTimes;
}

/** What is seen of a lease. */
export interface LeaseObservation {
  readonly record: LeaseRecord | undefined;
  /** When the record was first seen as it is now, in ms of our own clock: clocks of others are never compared with ours. */
  readonly since: number;
}

export type LeaseDecision = "create" | "take" | "renew" | "wait";

/** What a candidate does about a lease at `now`. */
export function decideLease({ record, since }: LeaseObservation, identity: string, now: number, times = TIMES): LeaseDecision {
  if (record === undefined) return "create";
  if (record.holder === identity) return "renew";
  if (record.holder === "") return "take";
  return now - since >= Math.max(times.lease, record.durationSeconds * 1000) ? "take" : "wait";
}

/** Leader election on one Lease: whoever holds it leads, and stops acting well before anybody else may take it. */
export function leaseElector(options: ElectorOptions): Elector {
  return { run: (lead, signal) => new Candidate(options).run(lead, signal) };
}

class Candidate {
  readonly #options: ElectorOptions;
  readonly #times: ElectionTimes;
  #seen: LeaseObservation = { record: undefined, since: 0 };
  /** Until when we may act, in ms of bootTime; 0: we do not lead. */
  #until = 0;

  constructor(options: ElectorOptions) {
    this.#options = options;
    this.#times = options.times ?? TIMES;
  }

  async run(lead: (leadership: Leadership) => Promise<void>, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      await this.#attempt();
      if (this.#holds()) await this.#leadUntilLost(lead, signal);
      await clock.sleep(this.#times.retry, signal);
    }
  }

  async #leadUntilLost(lead: (leadership: Leadership) => Promise<void>, signal: AbortSignal): Promise<void> {
    const { log, identity } = this.#options;
    const lost = new AbortController();
    const ended = AbortSignal.any([signal, lost.signal]);
    log.info("leading", { identity });
    const renewing = this.#renewUntilLost(lost, ended);
    try {
      await lead({ signal: ended, holds: () => !ended.aborted && this.#holds() });
    } finally {
      lost.abort();
      await renewing;
      await this.#release();
    }
    log.info("leads no more", { identity });
  }

  async #renewUntilLost(lost: AbortController, ended: AbortSignal): Promise<void> {
    const { clock, bootTime } = this.#options;
    while (!ended.aborted) {
      await clock.sleep(Math.min(this.#times.retry, Math.max(0, this.#until - bootTime())), ended);
      if (ended.aborted) return;
      await Promise.race([this.#attempt(), clock.sleep(Math.max(0, this.#until - bootTime()), ended)]);
      if (!this.#holds()) lost.abort();
    }
  }

  #holds(): boolean {
    return this.#options.bootTime() < this.#until;
  }

  /** Reads the lease and writes it if it is ours to write. A failure changes nothing: the time runs on. */
  async #attempt(): Promise<void> {
    const { lease, identity, bootTime, log } = this.#options;
    const began = bootTime();
    try {
      const record = await lease.read();
      this.#observe(record);
      const decision = decideLease(this.#seen, identity, bootTime(), this.#times);
      if (record !== undefined && record.holder !== identity) this.#until = 0;
      if (decision === "wait") return;
      const written = await this.#write(decision, record);
      this.#observe(written);
      this.#until = began + this.#times.renewDeadline;
    } catch (error) {
      if (hasCode(error, STORE_CONFLICT) || hasCode(error, STORE_EXISTS)) return;
      log.debug("the lease cannot be read or written", { error: describeError(error) });
    }
  }

  #write(decision: LeaseDecision, current: LeaseRecord | undefined): Promise<LeaseRecord> {
    const { lease, identity, clock } = this.#options;
    const now = microTime(clock.now());
    const durationSeconds = Math.round(this.#times.lease / 1000);
    if (current === undefined) return lease.create({ holder: identity, transitions: 0, renewTime: now, acquireTime: now, durationSeconds });
    const taken = decision === "take" ? { holder: identity, acquireTime: now, transitions: current.transitions + 1 } : {};
    return lease.replace({ ...current, ...taken, renewTime: now, durationSeconds });
  }

  #observe(record: LeaseRecord | undefined): void {
    if (record?.resourceVersion === this.#seen.record?.resourceVersion && record !== undefined) return;
    this.#seen = { record, since: this.#options.bootTime() };
  }

  /** Lets the next one lead at once; when this fails the lease just runs out. */
  async #release(): Promise<void> {
    const { lease, identity, log } = this.#options;
    this.#until = 0;
    try {
      const record = await lease.read();
      if (record?.holder === identity) await lease.replace({ ...record, holder: "" });
    } catch (error) {
      log.debug("the lease was not released", { error: describeError(error) });
    }
  }
}
