import { describe, expect, test } from "@jest/globals";
import { type Clock, PharosError, silentLog, systemClock } from "@pharos/base";
import type { Kind } from "@pharos/kinds";
import { STORE_HISTORY_GONE, STORE_UNAVAILABLE } from "./codes.ts";
import { bridge } from "./conformance/fixtures.ts";
import { follow } from "./follow.ts";
import type { Reader, WatchEvent } from "./store.ts";

type Item = ReturnType<typeof bridge>;
const versioned = (name: string, resourceVersion: string): Item => {
  const object = bridge(name);
  return { ...object, metadata: { ...object.metadata, resourceVersion } };
};

/** Time passes at once, so that pauses cost nothing. */
const quick: Clock = { ...systemClock, sleep: (ms, signal) => systemClock.sleep(ms >= 1000 ? ms : 0, signal) };

/** A reader that plays one pass per list: what the list tells, what its watch tells, and how the watch ends. */
interface Pass {
  readonly list: readonly Item[] | PharosError;
  readonly events?: readonly WatchEvent<"Bridge">[];
  readonly end?: PharosError;
}

function playing(passes: readonly Pass[]): Reader {
  let turn = -1;
  return {
    get: async () => undefined,
    list: async () => {
      turn = Math.min(turn + 1, passes.length - 1);
      const { list } = passes[turn] ?? { list: [] };
      if (list instanceof PharosError) throw list;
      return { items: list as never[], resourceVersion: "1" };
    },
    async *watch<K extends Kind>(_kind: K, { signal }: { signal: AbortSignal }) {
      const { events = [], end } = passes[turn] ?? {};
      for (const event of events) yield event as WatchEvent<K>;
      if (end !== undefined) throw end;
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    },
  };
}

const unavailable = new PharosError(STORE_UNAVAILABLE, "away");
const gone = new PharosError(STORE_HISTORY_GONE, "too old");
const event = (type: "ADDED" | "MODIFIED" | "DELETED", object: Item): WatchEvent<"Bridge"> => ({ type, object, resourceVersion: "2" });

/** Follows until `until` holds (or 2 s), and tells what was seen. */
async function followed(passes: readonly Pass[], until: (seen: readonly string[]) => boolean, relistInterval?: number) {
  const stop = new AbortController();
  const seen: string[] = [];
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const tell = (line: string) => {
    seen.push(line);
    if (until(seen)) resolve();
  };
  const names = (items: readonly { metadata: { name: string } }[]) => items.map(({ metadata }) => metadata.name).join(",");
  const result = follow(playing(passes), "Bridge", {
    signal: stop.signal,
    clock: quick,
    log: silentLog,
    onSync: (items) => tell(`SYNC ${names(items)}`),
    onEvent: ({ type, object }) => tell(`${type} ${object.metadata.name}`),
    ...(relistInterval === undefined ? {} : { relistInterval }),
  });
  const timer = setTimeout(() => stop.abort(), 2000);
  await Promise.race([done, result.finished]);
  const items = names(result.items());
  stop.abort();
  clearTimeout(timer);
  await result.finished;
  return { seen, items, synced: result.synced() };
}

describe("follow", () => {
  test("holds what the list tells, then what the watch changes, sorted", async () => {
    const passes = [
      {
        list: [versioned("b", "1")],
        events: [event("ADDED", versioned("c", "2")), event("ADDED", versioned("a", "3")), event("DELETED", versioned("b", "4"))],
      },
    ];
    const { seen, items } = await followed(passes, ({ length }) => length === 4);
    expect(seen).toEqual(["SYNC b", "ADDED c", "ADDED a", "DELETED b"]);
    expect(items).toBe("a,c");
  });

  test("lists again when the history is gone, and forgets what is no longer there", async () => {
    const { seen, items } = await followed(
      [{ list: [versioned("old", "1")], end: gone }, { list: [versioned("new", "9")] }],
      ({ length }) => length === 2,
    );
    expect(seen).toEqual(["SYNC old", "SYNC new"]);
    expect(items).toBe("new");
  });

  test("keeps the last known objects while the store is away, and goes on when it is back", async () => {
    const passes = [
      { list: [versioned("one", "1")], end: unavailable },
      { list: unavailable },
      { list: unavailable },
      { list: [versioned("one", "1"), versioned("two", "2")] },
    ];
    const { seen } = await followed(passes, ({ length }) => length === 2);
    expect(seen).toEqual(["SYNC one", "SYNC one,two"]);
  });

  test("is not synced before the first list arrives", async () => {
    const { seen, synced } = await followed([{ list: unavailable }], () => false);
    expect(seen).toEqual([]);
    expect(synced).toBe(false);
  });

  test("lists anew from time to time, so that a lost event does not stay lost", async () => {
    const { seen } = await followed([{ list: [] }, { list: [versioned("missed", "1")] }], ({ length }) => length === 2, 10);
    expect(seen).toEqual(["SYNC ", "SYNC missed"]);
  });
});
