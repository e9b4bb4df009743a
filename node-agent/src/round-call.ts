import { type Clock, Wake } from "@pharos/base";

/** Why a round runs; equal reasons merge. */
export type RoundReason = "start" | "revision" | "live" | "kernel" | "timer" | "retry" | "ledger" | "request";

/** Calls for a loop's next round from many sources. They merge until the loop takes them. */
export class RoundCall {
  readonly #clock: Clock;
  readonly #wake: Wake;
  readonly #reasons = new Set<RoundReason>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#wake = new Wake(clock);
  }

  call(reason: RoundReason): void {
    this.#reasons.add(reason);
    this.#wake.ring();
  }

  /**
   * Waits for a call, at most `timeoutMs`, then `settleMs` longer so that a burst becomes one round.
   * Answers all reasons so far; a time-out answers "timer"; an abort answers an empty set.
   */
  async next(options: {
    readonly timeoutMs: number;
    readonly settleMs: number;
    readonly signal: AbortSignal;
  }): Promise<ReadonlySet<RoundReason>> {
    const { timeoutMs, settleMs, signal } = options;
    if (this.#reasons.size === 0) await this.#wake.wait(timeoutMs, signal);
    if (signal.aborted) return new Set();
    if (this.#reasons.size === 0) return new Set<RoundReason>(["timer"]);
    await this.#clock.sleep(settleMs, signal);
    const reasons = new Set(this.#reasons);
    this.#reasons.clear();
    return reasons;
  }
}
