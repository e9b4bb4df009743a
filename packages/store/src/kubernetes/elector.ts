import { type Clock, describeError, hasCode, type Log, PharosError } from "@pharos/base";
import { STORE_CONFLICT, STORE_EXISTS, STORE_LEASE_UNUSABLE } from "../codes.ts";
import type { Elector, Leadership } from "../home.ts";
import { decideLease, type ElectionTimes, type LeaseDecision, NOTHING_SEEN, observeLease } from "./decide-lease.ts";
import { type LeasePort, type LeaseRecord, microTime } from "./lease.ts";

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
  /** 15 s, 10 s and 2 s when not given. */
  readonly times?: ElectionTimes;
}

const TIMES: ElectionTimes = { lease: 15_000, renewDeadline: 10_000, retry: 2000 };
/** ms that the end of a leadership waits for the API server. */
const RELEASE_WITHIN = 5000;

type Attempt =
  /** The lease was written as ours; we may act until then, in ms of bootTime. */
  | { readonly kind: "held"; readonly until: number }
  /** It is somebody else's, or somebody else was faster. */
  | { readonly kind: "lost" }
  /** Nothing is known; the time runs on. */
  | { readonly kind: "failed" };

/** From one election to its end. */
interface Term {
  until: number;
  readonly lost: AbortController;
}

/** Leader election on one Lease: whoever holds it leads, and stops acting well before anybody else may take it. */
export function leaseElector(options: ElectorOptions): Elector {
  return { run: (lead, signal) => new Candidate(options).run(lead, signal) };
}

class Candidate {
  readonly #options: ElectorOptions;
  readonly #times: ElectionTimes;
  #seen = NOTHING_SEEN;
  #failing = false;

  constructor(options: ElectorOptions) {
    this.#options = options;
    this.#times = options.times ?? TIMES;
  }

  async run(lead: (leadership: Leadership) => Promise<void>, signal: AbortSignal): Promise<void> {
    const { clock, bootTime } = this.#options;
    while (!signal.aborted) {
      const attempt = await this.#attempt(["create", "take", "renew"]);
      if (attempt.kind === "held") {
        if (signal.aborted) await this.#release();
        else if (bootTime() < attempt.until) await this.#serve({ until: attempt.until, lost: new AbortController() }, lead, signal);
      }
      await clock.sleep(this.#times.retry, signal);
    }
  }

  async #serve(term: Term, lead: (leadership: Leadership) => Promise<void>, signal: AbortSignal): Promise<void> {
    const { log, identity, bootTime } = this.#options;
    const ended = AbortSignal.any([signal, term.lost.signal]);
    log.info("leading", { identity });
    const renewing = this.#renew(term, ended);
    try {
      await lead({ signal: ended, holds: () => !ended.aborted && bootTime() < term.until });
    } finally {
      term.lost.abort();
      await renewing;
      await this.#release();
      log.info("leads no more", { identity });
    }
  }

  /** Renews until the term ended, and ends it at its deadline or when anybody else held the lease meanwhile. */
  async #renew(term: Term, ended: AbortSignal): Promise<void> {
    const { clock, bootTime } = this.#options;
    const left = () => Math.max(0, term.until - bootTime());
    let next = bootTime() + this.#times.retry;
    while (!ended.aborted) {
      await clock.sleep(Math.min(Math.max(0, next - bootTime()), left()), ended);
      if (ended.aborted) return;
      next = bootTime() + this.#times.retry;
      const settled = new AbortController();
      // Only "renew": taking it anew would hide that another one led, and wrote, in between.
      const attempt = left() === 0 ? undefined : this.#attempt(["renew"]).finally(() => settled.abort());
      const late = clock.sleep(left(), AbortSignal.any([ended, settled.signal])).then((): Attempt => ({ kind: "failed" }));
      const outcome = await Promise.race(attempt === undefined ? [late] : [attempt, late]);
      if (outcome.kind === "held") term.until = outcome.until;
      if (outcome.kind === "lost" || left() === 0) term.lost.abort();
    }
  }

  /** Reads the lease and, if the decision is one of those allowed, writes it. */
  async #attempt(allowed: readonly LeaseDecision[]): Promise<Attempt> {
    const { lease, identity, bootTime } = this.#options;
    const began = bootTime();
    try {
      const record = await lease.read();
      const now = bootTime();
      this.#seen = observeLease(this.#seen, record, now);
      const decision = decideLease(this.#seen, { identity, times: this.#times, now });
      if (!allowed.includes(decision)) return this.#works({ kind: "lost" });
      const written = await this.#write(decision, record);
      this.#seen = observeLease(this.#seen, written, bootTime());
      return this.#works({ kind: "held", until: began + this.#times.renewDeadline });
    } catch (error) {
      if (hasCode(error, STORE_CONFLICT) || hasCode(error, STORE_EXISTS)) return this.#works({ kind: "lost" });
      this.#tell(error);
      return { kind: "failed" };
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

  /** Lets the next one lead at once; when this fails, the lease just runs out. */
  async #release(): Promise<void> {
    const { lease, identity, clock, log } = this.#options;
    const release = async () => {
      const record = await lease.read();
      if (record?.holder === identity) await lease.replace({ ...record, holder: "" });
    };
    const released = new AbortController();
    const releasing = release()
      // A renewal that was under way came in between.
      .catch((error: unknown) => (hasCode(error, STORE_CONFLICT) ? release() : Promise.reject(error)))
      .catch((error: unknown) => log.debug("the lease was not released", { error: describeError(error) }))
      .finally(() => released.abort());
    await Promise.race([releasing, clock.sleep(RELEASE_WITHIN, released.signal)]);
  }

  #works(attempt: Attempt): Attempt {
    this.#failing = false;
    return attempt;
  }

  /** Once until it works again: an attempt follows each 2 s. */
  #tell(error: unknown): void {
    if (this.#failing) return;
    this.#failing = true;
    this.#options.log.warn(describeError(new PharosError(STORE_LEASE_UNUSABLE, "cannot stand for election", { cause: error })));
  }
}
