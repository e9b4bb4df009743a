import { type Clock, describeError, hasCode, type Log } from "@pharos/base";
import { STORE_HISTORY_GONE } from "./codes.ts";
import { type Followable, ObjectCache, type SourceChange, type SourceEvent, versionsOf } from "./object-cache.ts";
import { pauseAfter } from "./unavailable.ts";

/** A collection that can be listed and watched. */
export interface Source<T> {
  /** For logs. */
  readonly name: string;
  list(): Promise<{ readonly items: readonly T[]; readonly resourceVersion: string }>;
  /** Events after the point; throws STORE_HISTORY_GONE when the history does not reach back to it. Ends when the signal aborts. */
  watch(start: { readonly resourceVersion: string; readonly signal: AbortSignal }): AsyncIterable<SourceEvent<T>>;
}

export interface FollowSourceOptions<T> {
  /** Ends following. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly log: Log;
  /** After each list that replaced what was known: the first, and those after an interruption. */
  readonly onSync?: (items: readonly T[]) => void;
  /** After each list or watch that failed; a later `onSync` says that it works again. */
  readonly onFailure?: (error: unknown) => void;
  /** After each change that a watch tells. */
  readonly onEvent?: (event: SourceChange<T>) => void;
  /**
   * Lists this often, in ms, beside the watch and compares, as a guard against watches that lose events; 10 minutes when
   * not given.
   */
  readonly relistInterval?: number;
}

/** What is known of one collection. */
export interface FollowedObjects<T> {
  /** Sorted by namespace, then name; the last known ones while the store is away. */
  items(): readonly T[];
  /** True once the first list arrived. */
  synced(): boolean;
  /** How many changes the watches did not tell, found by comparing with lists: 0 in a sound system. */
  misses(): number;
  /** Resolves when following ended because the signal aborted; never rejects. */
  readonly finished: Promise<void>;
}

const RELIST_INTERVAL = 10 * 60 * 1000;
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5000;
/** A watch that has not told by then what a list showed will not do so any more: bookmarks come about each minute. */
const LATEST_EVENT = 120_000;
const COMPARE_AGAIN = 1000;

/** Keeps a cache of a collection: list, watch, and list again whenever the history does not reach back. */
export function followSource<T extends Followable>(source: Source<T>, options: FollowSourceOptions<T>): FollowedObjects<T> {
  const follower = new Follower(source, options);
  const { cache } = follower;
  return { items: () => cache.items(), synced: () => cache.synced(), misses: () => follower.misses, finished: follower.run() };
}

class Follower<T extends Followable> {
  readonly cache = new ObjectCache<T>();
  misses = 0;
  readonly #source: Source<T>;
  readonly #options: FollowSourceOptions<T>;
  /** Up to where the watch told the history. */
  #point = "";

  constructor(source: Source<T>, options: FollowSourceOptions<T>) {
    this.#source = source;
    this.#options = options;
  }

  async run(): Promise<void> {
    const { signal, clock, log } = this.#options;
    const kind = this.#source.name;
    let pause = FIRST_PAUSE;
    let failing = false;
    while (!signal.aborted) {
      const began = clock.monotonic();
      let wait = 0;
      try {
        const { items, resourceVersion } = await this.#source.list();
        if (signal.aborted) return;
        this.cache.replace(items);
        this.#options.onSync?.(this.cache.items());
        if (failing) log.info("following again", { kind });
        failing = false;
        await this.#watch(resourceVersion);
      } catch (error) {
        if (signal.aborted) return;
        if (hasCode(error, STORE_HISTORY_GONE)) log.debug("history is gone, listing again", { kind });
        else if (!failing) log.warn("cannot follow, trying again", { kind, error: describeError(error) });
        failing ||= !hasCode(error, STORE_HISTORY_GONE);
        if (!hasCode(error, STORE_HISTORY_GONE)) this.#options.onFailure?.(error);
        wait = pauseAfter(error, 0);
      }
      // A list that succeeds proves nothing about the watch: only one that held for a while lets the next pause be short.
      if (clock.monotonic() - began > LONGEST_PAUSE) pause = FIRST_PAUSE;
      await clock.sleep(Math.max(pause, wait), signal);
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    }
  }

  /** Returns when the watch ended or was found to lose changes. */
  async #watch(resourceVersion: string): Promise<void> {
    const turn = new AbortController();
    const signal = AbortSignal.any([this.#options.signal, turn.signal]);
    this.#point = resourceVersion;
    const audits = this.#auditUntilMissed(signal).then(() => turn.abort());
    try {
      for await (const event of this.#source.watch({ resourceVersion, signal })) {
        if (signal.aborted) return;
        this.#point = event.resourceVersion;
        if (event.type === "BOOKMARK") continue;
        this.cache.take(event);
        this.#options.onEvent?.(event);
      }
    } finally {
      turn.abort();
      await audits;
    }
  }

  async #auditUntilMissed(signal: AbortSignal): Promise<void> {
    const { clock, log, relistInterval = RELIST_INTERVAL } = this.#options;
    const kind = this.#source.name;
    while (!signal.aborted) {
      await clock.sleep(relistInterval, signal);
      if (signal.aborted) return;
      try {
        const missed = await this.#missed(signal);
        if (missed === 0 || signal.aborted) continue;
        this.misses += missed;
        log.warn("a watch lost changes, listing again", { kind, missed });
        return;
      } catch (error) {
        log.debug("cannot list for a comparison", { kind, error: describeError(error) });
      }
    }
  }

  /** Compares with a list, once the watch told as much of the history as the list shows. */
  async #missed(signal: AbortSignal): Promise<number> {
    const { clock } = this.#options;
    this.cache.beginComparing();
    try {
      const { items, resourceVersion } = await this.#source.list();
      const listed = versionsOf(items);
      const until = clock.monotonic() + LATEST_EVENT;
      while (!signal.aborted) {
        const missed = this.cache.compare(listed);
        if (missed === 0 || reaches(this.#point, resourceVersion) || clock.monotonic() >= until) return missed;
        await clock.sleep(COMPARE_AGAIN, signal);
      }
      return 0;
    } finally {
      this.cache.endComparing();
    }
  }
}

/** Versions are numbers that grow in every store of ours, and in Kubernetes (KEP-5504); others can only be equal. */
function reaches(point: string, version: string): boolean {
  if (point === version) return true;
  return [point, version].every((text) => /^\d{1,20}$/.test(text)) && BigInt(point) >= BigInt(version);
}
