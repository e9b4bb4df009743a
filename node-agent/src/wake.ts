import type { Clock } from "@pharos/base";

/** Why a reconcile round runs; equal reasons merge. */
export type WakeReason = "start" | "revision" | "live" | "kernel" | "timer" | "retry" | "ledger" | "request";

/** A wake-up call that many sources ring and one loop answers. Calls merge until the loop takes them. */
export class Wake {
  readonly #clock: Clock;
  readonly #reasons = new Set<WakeReason>();
  #ring: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  call(reason: WakeReason): void {
    this.#reasons.add(reason);
    this.#ring?.();
  }

  /**
   * Waits for a call, at most `timeoutMs`, then `settleMs` longer so that a burst becomes one round.
   * Answers all reasons so far; a time-out answers "timer"; an abort answers an empty set.
   */
  async next(options: {
    readonly timeoutMs: number;
    readonly settleMs: number;
    readonly signal: AbortSignal;
  }): Promise<ReadonlySet<WakeReason>> {
    if (this.#reasons.size === 0) await this.#waitForCall(options.timeoutMs, options.signal);
    if (options.signal.aborted) return new Set();
    if (this.#reasons.size === 0) return new Set<WakeReason>(["timer"]);
    await this.#clock.sleep(options.settleMs, options.signal);
    const reasons = new Set(this.#reasons);
    this.#reasons.clear();
    return reasons;
  }

  async #waitForCall(timeoutMs: number, signal: AbortSignal): Promise<void> {
    const rung = new AbortController();
    this.#ring = () => rung.abort();
    await this.#clock.sleep(timeoutMs, AbortSignal.any([signal, rung.signal]));
    this.#ring = undefined;
  }
}
