import type { Clock } from "@pharos/base";

/** Lets a loop sleep until something happens; a ring while nobody waits is not lost. */
export class Wake {
  readonly #clock: Clock;
  #rung = false;
  #wake: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Resolves after the first ring since the last wait, at `until` (monotonic ms), or when `signal` aborts. */
  async wait(until: number, signal: AbortSignal): Promise<void> {
    if (!this.#rung && !signal.aborted) {
      const woken = new AbortController();
      this.#wake = () => woken.abort();
      await this.#clock.sleep(Math.max(0, until - this.#clock.monotonic()), AbortSignal.any([signal, woken.signal]));
      this.#wake = undefined;
    }
    this.#rung = false;
  }
}
