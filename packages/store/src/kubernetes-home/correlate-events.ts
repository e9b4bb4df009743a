/** An event as it is compared with others. */
export interface TellableEvent {
  /** The object that it is about, `Kind/namespace/name`. */
  readonly about: string;
  readonly type: string;
  readonly reason: string;
  readonly note: string;
}

/** What is done with an event. */
export type Correlation =
  /** It is new: written with this note; later equal ones are counted under the key. */
  | { readonly kind: "begin"; readonly key: string; readonly note: string }
  /** It was told before: counted. */
  | { readonly kind: "count"; readonly key: string }
  /** There were too many about this object. */
  | { readonly kind: "drop" };

/** Equal and similar events within this are one series, in ms. */
const SERIES = 10 * 60 * 1000;
/** Different notes of one reason about one object before they are told as one. */
const MOST_SIMILAR = 10;
/** New events about one object at once, and ms until it may have one more. */
const BURST = 25;
const REFILL = 5 * 60 * 1000;
const MOST_KNOWN = 1024;

interface Similar {
  readonly notes: Set<string>;
  lastAt: number;
}

interface Bucket {
  tokens: number;
  filledAt: number;
}

/** Decides which events are new, which are repetitions, and which are too many; as client-go's correlator does. */
export class EventCorrelator {
  readonly #series = new BoundedMap<number>();
  readonly #similar = new BoundedMap<Similar>();
  readonly #buckets = new BoundedMap<Bucket>();

  /** `now` in ms of a clock that never jumps. */
  correlate({ about, type, reason, note }: TellableEvent, now: number): Correlation {
    const group = JSON.stringify([about, type, reason]);
    const many = this.#similarTo(group, note, now) > MOST_SIMILAR;
    const key = many ? group : JSON.stringify([about, type, reason, note]);
    const last = this.#series.get(key);
    if (last !== undefined && now - last < SERIES) {
      this.#series.set(key, now);
      return { kind: "count", key };
    }
    if (!this.#takeToken(about, now)) return { kind: "drop" };
    this.#series.set(key, now);
    return { kind: "begin", key, note: many ? `${note} (and similar events)` : note };
  }

  /** How many different notes there were of late. */
  #similarTo(group: string, note: string, now: number): number {
    const known = this.#similar.get(group);
    const similar = known === undefined || now - known.lastAt >= SERIES ? { notes: new Set<string>(), lastAt: now } : known;
    similar.lastAt = now;
    if (similar.notes.size <= MOST_SIMILAR) similar.notes.add(note);
    this.#similar.set(group, similar);
    return similar.notes.size;
  }

  #takeToken(about: string, now: number): boolean {
    const { tokens, filledAt } = this.#buckets.get(about) ?? { tokens: BURST, filledAt: now };
    const gained = Math.floor((now - filledAt) / REFILL);
    const have = Math.min(BURST, tokens + gained);
    const left = Math.max(0, have - 1);
    this.#buckets.set(about, { tokens: left, filledAt: have === BURST ? now : filledAt + gained * REFILL });
    return have > 0;
  }
}

/** Forgets the one that was set least recently when there are too many. */
export class BoundedMap<V> {
  readonly #entries = new Map<string, V>();

  get(key: string): V | undefined {
    return this.#entries.get(key);
  }

  set(key: string, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > MOST_KNOWN && oldest !== undefined) this.#entries.delete(oldest);
  }

  values(): IterableIterator<V> {
    return this.#entries.values();
  }
}
