import type { Clock } from "@pharos/base";
import { PharosError, silentLog } from "@pharos/base";
import { STORE_CONFLICT, STORE_EXISTS, STORE_UNAVAILABLE } from "../codes.ts";
import type { Leadership } from "../home.ts";
import type { ElectionTimes } from "./decide-lease.ts";
import { leaseElector } from "./elector.ts";
import type { LeasePort, LeaseRecord } from "./lease.ts";

interface Timer {
  at: number;
  readonly owner: Contender;
  readonly fire: () => void;
  /** On the wire or at the server: goes on while the process of its owner is stopped. */
  readonly remote: boolean;
}

/** Electors on one simulated API server, in simulated time: for tests. */
export class ElectionWorld {
  /** ms since the world began. */
  now = 0;
  /** The lease as the server has it. */
  lease: LeaseRecord | undefined;
  /** ms from client to server, and back. */
  latency = 20;
  #version = 0;
  readonly #timers = new Set<Timer>();

  /** Another process that stands for election; its wall clock is off by `skew` ms. */
  contender(identity: string, skew = 0, times?: ElectionTimes): Contender {
    return new Contender(this, { identity, skew, ...(times === undefined ? {} : { times }) });
  }

  /** Lets `ms` pass; calls `look` after everything that happened. */
  async pass(ms: number, look: () => void = () => {}): Promise<void> {
    const end = this.now + ms;
    for (let timer = this.#next(end); timer !== undefined; timer = this.#next(end)) {
      this.#timers.delete(timer);
      this.now = Math.max(this.now, timer.at);
      timer.fire();
      await settled();
      look();
    }
    this.now = end;
    look();
  }

  /** Resolves after `ms`, or when `signal` aborts; for a stopped process not before it goes on. */
  wait(owner: Contender, ms: number, { signal, remote = false }: { readonly signal?: AbortSignal; readonly remote?: boolean } = {}) {
    return new Promise<void>((resolve) => {
      if (signal?.aborted) return resolve();
      const timer = { at: this.now + ms, owner, remote, fire: resolve };
      this.#timers.add(timer);
      signal?.addEventListener("abort", () => {
        timer.at = this.now;
      });
    });
  }

  /** Stores a record as the API server does. */
  write(record: LeaseRecord, mode: "create" | "replace"): LeaseRecord {
    if (mode === "create" && this.lease !== undefined) throw new PharosError(STORE_EXISTS, "there is one");
    if (mode === "replace" && this.lease?.resourceVersion !== record.resourceVersion) throw new PharosError(STORE_CONFLICT, "changed");
    this.#version += 1;
    this.lease = { ...record, resourceVersion: String(this.#version) };
    return this.lease;
  }

  #next(end: number): Timer | undefined {
    const due = [...this.#timers].filter(({ at, owner, remote }) => at <= end && (remote || !owner.stopped));
    return due.sort((a, b) => a.at - b.at)[0];
  }
}

export interface ContenderOptions {
  readonly identity: string;
  readonly skew: number;
  readonly times?: ElectionTimes;
}

/** One process of an election world. */
export class Contender {
  /** Stopped by SIGSTOP: nothing of it runs; its timers fire when it goes on. */
  stopped = false;
  /** `before`: requests are lost; `after`: they arrive, and the answers are lost. */
  network: "up" | "before" | "after" = "up";
  /** All leaderships so far. */
  readonly terms: Leadership[] = [];
  readonly identity: string;
  readonly #world: ElectionWorld;
  readonly #ended = new AbortController();
  readonly #finished: Promise<void>;

  constructor(world: ElectionWorld, { identity, skew, times }: ContenderOptions) {
    this.#world = world;
    this.identity = identity;
    const clock: Clock = {
      now: () => Date.UTC(2030) + world.now + skew,
      monotonic: () => world.now,
      sleep: (ms, signal) => world.wait(this, ms, signal === undefined ? {} : { signal }),
    };
    const elector = leaseElector({
      lease: this.#port(),
      identity,
      clock,
      bootTime: clock.monotonic,
      log: silentLog,
      ...(times === undefined ? {} : { times }),
    });
    this.#finished = elector.run((leadership) => this.#lead(leadership), this.#ended.signal);
  }

  holds(): boolean {
    return this.terms.some((term) => term.holds());
  }

  /** Ends it orderly. */
  end(): Promise<void> {
    this.#ended.abort();
    return this.#finished;
  }

  #lead(leadership: Leadership): Promise<void> {
    this.terms.push(leadership);
    return new Promise((resolve) => leadership.signal.addEventListener("abort", () => resolve()));
  }

  #port(): LeasePort {
    return {
      read: () => this.#call(() => this.#world.lease),
      create: (record) => this.#call(() => this.#world.write(record, "create")),
      replace: (record) => this.#call(() => this.#world.write(record, "replace")),
    };
  }

  async #call<T>(act: () => T): Promise<T> {
    const world = this.#world;
    const network = this.network;
    await world.wait(this, world.latency, { remote: true });
    if (network === "before") return this.#timedOut();
    let answer: () => T;
    try {
      const value = act();
      answer = () => value;
    } catch (error) {
      answer = () => {
        throw error;
      };
    }
    await world.wait(this, world.latency);
    return network === "after" ? this.#timedOut() : answer();
  }

  async #timedOut(): Promise<never> {
    await this.#world.wait(this, 4000);
    throw new PharosError(STORE_UNAVAILABLE, "no answer in time");
  }
}

/** After all that follows at once from what happened. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
