import type { Clock } from "@pharos/base";
import type { Outcome } from "./outcome.ts";

export interface PatienceOptions {
  readonly clock: Clock;
  /** Until every reachable host has committed, ms. */
  readonly timeoutMs: number;
  /** How long none of the hosts may be reachable, ms. */
  readonly noHostMs: number;
  readonly signal: AbortSignal;
}

/** How long a change waits for its hosts, from now on. */
export class Patience {
  readonly #options: PatienceOptions;
  readonly #end: number;
  #alone: number | undefined;

  constructor(options: PatienceOptions) {
    this.#options = options;
    this.#end = options.clock.monotonic() + options.timeoutMs;
  }

  /** Looks at what a change waits for: why it waits no longer, or for how many ms it may wait before the next look. */
  look({ reason, missing }: Extract<Outcome, { kind: "waiting" }>): { readonly over: string } | { readonly ms: number } {
    const { clock, timeoutMs, noHostMs, signal } = this.#options;
    const now = clock.monotonic();
    this.#alone = missing === undefined ? undefined : (this.#alone ?? now);
    if (this.#alone !== undefined && now - this.#alone >= noHostMs) return { over: `${reason} for ${noHostMs} ms` };
    const left = this.#end - now;
    if (left <= 0 || signal.aborted) return { over: `not committed within ${timeoutMs} ms: ${reason}` };
    return { ms: this.#alone === undefined ? left : Math.min(left, this.#alone + noHostMs - now) };
  }
}
