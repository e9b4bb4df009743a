import type { Clock } from "@pharos/base";

/** Remembers for how long each thing was seen in a row. */
export class SeenSince {
  readonly #clock: Clock;
  #since: ReadonlyMap<string, number> = new Map();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes what is seen now, and forgets what is not. The answer tells for how many ms something was seen; 0: for the first time. */
  take(seen: readonly string[]): (thing: string) => number {
    const now = this.#clock.monotonic();
    const since = new Map(seen.map((thing) => [thing, this.#since.get(thing) ?? now]));
    this.#since = since;
    return (thing) => now - (since.get(thing) ?? now);
  }
}
