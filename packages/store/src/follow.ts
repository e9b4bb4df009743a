import { type Clock, describeError, hasCode, type Log } from "@pharos/base";
import type { Kind, KindMap } from "@pharos/kinds";
import { STORE_HISTORY_GONE } from "./codes.ts";
import { refOf, refText } from "./ref.ts";
import type { Reader, WatchEvent } from "./store.ts";

/** A change of one object. */
export type Follow<K extends Kind> = Exclude<WatchEvent<K>, { readonly type: "BOOKMARK" }>;

export interface FollowOptions<K extends Kind> {
  /** Ends following. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly log: Log;
  /** After each list: the first, and each one that replaced what was known. */
  readonly onSync?: (items: readonly KindMap[K][]) => void;
  /** After each change that a watch tells. */
  readonly onEvent?: (event: Follow<K>) => void;
  /** Lists anew this often, in ms, as a guard against watches that lose events; 10 minutes when not given. */
  readonly relistInterval?: number;
}

/** What is known of one kind. */
export interface Followed<K extends Kind> {
  /** Sorted by namespace, then name; the last known ones while the store is away. */
  items(): readonly KindMap[K][];
  /** True once the first list arrived. */
  synced(): boolean;
  /** Resolves when following ended because the signal aborted; never rejects. */
  readonly finished: Promise<void>;
}

const RELIST_INTERVAL = 10 * 60 * 1000;
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5000;

/** Keeps a cache of all objects of one kind: list, watch, and list again whenever the history does not reach back. */
export function follow<K extends Kind>(reader: Reader, kind: K, options: FollowOptions<K>): Followed<K> {
  const cache = new Cache<K>();
  return { items: () => cache.items(), synced: () => cache.synced(), finished: run(reader, kind, cache, options) };
}

async function run<K extends Kind>(reader: Reader, kind: K, cache: Cache<K>, options: FollowOptions<K>): Promise<void> {
  const { signal, clock, log } = options;
  let pause = FIRST_PAUSE;
  let failing = false;
  while (!signal.aborted) {
    try {
      const { items, resourceVersion } = await reader.list(kind);
      if (signal.aborted) return;
      if (cache.replace(items) > 0 && !failing) log.debug("a new list differs from what the watch told", { kind });
      options.onSync?.(cache.items());
      if (failing) log.info("following again", { kind });
      failing = false;
      pause = FIRST_PAUSE;
      await watchUntilRelist(reader, kind, cache, { ...options, resourceVersion });
    } catch (error) {
      if (signal.aborted) return;
      if (hasCode(error, STORE_HISTORY_GONE)) log.debug("history is gone, listing again", { kind });
      else if (!failing) log.warn("cannot follow, trying again", { kind, error: describeError(error) });
      failing ||= !hasCode(error, STORE_HISTORY_GONE);
      await clock.sleep(pause, signal);
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    }
  }
}

interface Pass<K extends Kind> extends FollowOptions<K> {
  readonly resourceVersion: string;
}

/** Returns when it is time to list again, or the signal aborted. */
async function watchUntilRelist<K extends Kind>(reader: Reader, kind: K, cache: Cache<K>, pass: Pass<K>): Promise<void> {
  const turn = new AbortController();
  const signal = AbortSignal.any([pass.signal, turn.signal]);
  const timer = pass.clock.sleep(pass.relistInterval ?? RELIST_INTERVAL, signal).then(() => turn.abort());
  try {
    for await (const event of reader.watch(kind, { resourceVersion: pass.resourceVersion, signal })) {
      if (event.type === "BOOKMARK" || signal.aborted) continue;
      cache.take(event);
      pass.onEvent?.(event);
    }
  } finally {
    turn.abort();
    await timer;
  }
}

class Cache<K extends Kind> {
  #objects = new Map<string, KindMap[K]>();
  #sorted: readonly KindMap[K][] | undefined = [];
  #synced = false;

  synced(): boolean {
    return this.#synced;
  }

  items(): readonly KindMap[K][] {
    this.#sorted ??= [...this.#objects].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
    return this.#sorted;
  }

  take({ type, object }: Follow<K>): void {
    const key = refText(refOf<K>(object));
    if (type === "DELETED") this.#objects.delete(key);
    else this.#objects.set(key, object);
    this.#sorted = undefined;
  }

  /** Takes a new list; returns how many objects differ from what was known. */
  replace(items: readonly KindMap[K][]): number {
    const next = new Map(items.map((object) => [refText(refOf<K>(object)), object]));
    const versionOf = (object: KindMap[K] | undefined) => object?.metadata.resourceVersion;
    const keys = this.#synced ? new Set([...next.keys(), ...this.#objects.keys()]) : [];
    const differing = [...keys].filter((key) => versionOf(next.get(key)) !== versionOf(this.#objects.get(key)));
    this.#objects = next;
    this.#sorted = undefined;
    this.#synced = true;
    return differing.length;
  }
}
