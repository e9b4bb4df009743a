import type { Clock } from "@pharos/base";

/** The longest pause between calls about one thing. */
const LAST_PAUSE_MS = 300_000;

/** Decides when something that was tried may be tried again. What was left alone for long starts anew. */
export class CallBackoff {
  readonly #clock: Clock;
  readonly #firstPauseMs: number;
  readonly #calls = new Map<string, { readonly at: number; readonly pauseMs: number }>();

  /** @param firstPauseMs after the first call; doubled after each further one. */
  constructor(clock: Clock, firstPauseMs = 5000) {
    this.#clock = clock;
    this.#firstPauseMs = firstPauseMs;
  }

  isDue(key: string): boolean {
    const last = this.#calls.get(key);
    return last === undefined || this.#clock.monotonic() - last.at >= last.pauseMs;
  }

  /** Takes note of a call, however it will end. */
  called(key: string): void {
    const at = this.#clock.monotonic();
    for (const [other, call] of this.#calls) if (at - call.at > 2 * LAST_PAUSE_MS) this.#calls.delete(other);
    const last = this.#calls.get(key);
    const isNew = last === undefined || at - last.at > 2 * LAST_PAUSE_MS;
    this.#calls.set(key, { at, pauseMs: isNew ? this.#firstPauseMs : Math.min(last.pauseMs * 2, LAST_PAUSE_MS) });
  }
}
