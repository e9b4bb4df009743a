import type { Clock } from "@pharos/base";

/** Pauses between calls about one thing: doubled from the first to the last. */
const PAUSE_MS = { first: 5000, last: 300_000 };

/** Decides when something that was tried may be tried again. What was left alone for long starts anew. */
export class CallBackoff {
  readonly #clock: Clock;
  readonly #calls = new Map<string, { readonly at: number; readonly pauseMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  isDue(key: string): boolean {
    const last = this.#calls.get(key);
    return last === undefined || this.#clock.monotonic() - last.at >= last.pauseMs;
  }

  /** Takes note of a call, however it will end. */
  called(key: string): void {
    const at = this.#clock.monotonic();
    for (const [other, call] of this.#calls) if (at - call.at > 2 * PAUSE_MS.last) this.#calls.delete(other);
    const last = this.#calls.get(key);
    const isNew = last === undefined || at - last.at > 2 * PAUSE_MS.last;
    this.#calls.set(key, { at, pauseMs: isNew ? PAUSE_MS.first : Math.min(last.pauseMs * 2, PAUSE_MS.last) });
  }
}
