import type { Clock } from "./clock.ts";
import { Wake } from "./wake.ts";

/** An attempt that failed. */
export interface KeyFailure {
  readonly key: string;
  readonly error: unknown;
  /** Failures in a row, from 1. */
  readonly failures: number;
  /** ms until the next attempt. */
  readonly pause: number;
}

export interface KeyedQueueOptions {
  readonly clock: Clock;
  /** A number in [0, 1), for jitter: keys that failed together are not tried again together. */
  readonly random: () => number;
  /** How many keys are worked on at one time at most. */
  readonly workers: number;
  /** ms between attempts of a key that fails: `first`, then twice as long each time, `last` at most; jitter adds up to half. */
  readonly pause: { readonly first: number; readonly last: number };
  /** Does what the key needs now. A rejection means: again, after a pause. */
  readonly work: (key: string, signal: AbortSignal) => Promise<void>;
  readonly onFailure?: (failure: KeyFailure) => void;
}

/** Longest sleep of the loop when nothing is due, ms. */
const LONGEST_REST = 600_000;

/**
 * Work by key. A key that is added several times before its turn has one turn; one that is added while it is worked on has another
 * turn afterwards; no key is worked on twice at one time. Turns come in the order of adding. A key that fails waits alone, longer each
 * time: it holds up no other, and adding it again does not shorten its pause.
 */
export class KeyedQueue {
  readonly #options: KeyedQueueOptions;
  readonly #wake: Wake;
  readonly #ready = new Set<string>();
  /** Keys that failed, and when they are due, in monotonic ms. */
  readonly #later = new Map<string, number>();
  readonly #failures = new Map<string, number>();
  readonly #running = new Map<string, Promise<void>>();
  /** Keys that are worked on, and were added or forgotten since. */
  readonly #again = new Set<string>();
  readonly #forgotten = new Set<string>();

  constructor(options: KeyedQueueOptions) {
    this.#options = options;
    this.#wake = new Wake(options.clock);
  }

  /** Keys that wait for their turn or for the end of a pause, or are worked on. */
  get size(): number {
    return new Set([...this.#ready, ...this.#later.keys(), ...this.#running.keys()]).size;
  }

  add(key: string): void {
    if (this.#running.has(key)) this.#again.add(key);
    else if (!this.#later.has(key)) this.#ready.add(key);
    this.#wake.ring();
  }

  /** Takes a key back, with what is remembered of its failures. Work that is under way ends by itself. */
  forget(key: string): void {
    this.#ready.delete(key);
    this.#later.delete(key);
    this.#failures.delete(key);
    this.#again.delete(key);
    if (this.#running.has(key)) this.#forgotten.add(key);
  }

  /** Works until `signal` aborts; resolves when the work that was under way has ended. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, workers } = this.#options;
    while (!signal.aborted) {
      const now = clock.monotonic();
      for (const [key, due] of this.#later) if (due <= now && this.#later.delete(key)) this.#ready.add(key);
      for (const key of this.#ready) {
        if (this.#running.size >= workers) break;
        this.#ready.delete(key);
        this.#running.set(key, this.#turn(key, signal));
      }
      const next = Math.min(...this.#later.values(), now + LONGEST_REST);
      await this.#wake.wait(next - clock.monotonic(), signal);
    }
    await Promise.all(this.#running.values());
  }

  async #turn(key: string, signal: AbortSignal): Promise<void> {
    let failure: { readonly error: unknown } | undefined;
    try {
      await this.#options.work(key, signal);
    } catch (error) {
      failure = { error };
    }
    this.#running.delete(key);
    const isForgotten = this.#forgotten.delete(key);
    const isAgain = this.#again.delete(key);
    if (failure === undefined) this.#failures.delete(key);
    else if (!isForgotten && !signal.aborted) this.#putOff(key, failure.error);
    if (isAgain) this.add(key);
    this.#wake.ring();
  }

  #putOff(key: string, error: unknown): void {
    const { clock, random, pause, onFailure } = this.#options;
    const failures = (this.#failures.get(key) ?? 0) + 1;
    const plain = Math.min(pause.first * 2 ** (failures - 1), pause.last);
    const wait = plain * (1 + random() / 2);
    this.#failures.set(key, failures);
    this.#later.set(key, clock.monotonic() + wait);
    onFailure?.({ key, error, failures, pause: wait });
  }
}
