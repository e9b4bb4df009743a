import type { Kind, KindMap } from "@pharos/kinds";
import type { Reader, TrimPod, WatchEvent } from "./store.ts";

/** Reads a store as it is, but PodNetworks trimmed where many come: in lists and watches. */
export function podReader(reader: Reader, trim: TrimPod): Reader {
  return reader.trimmingPods?.(trim) ?? trimmedPodReader(reader, trim);
}

/** Trims what a reader gives whole. */
export function trimmedPodReader(reader: Reader, trim: TrimPod): Reader {
  return {
    get: (ref) => reader.get(ref),
    list: async <K extends Kind>(kind: K) => {
      const listing = await reader.list(kind);
      const kept = <T extends KindMap[K]>(object: T) => (object.kind === "PodNetwork" ? (trim(object) as T | undefined) : object) ?? [];
      return kind === "PodNetwork" ? { ...listing, items: listing.items.flatMap(kept) } : listing;
    },
    watch: async function* <K extends Kind>(kind: K, start: Parameters<Reader["watch"]>[1]) {
      for await (const event of reader.watch(kind, start)) yield trimmedEvent(event, trim);
    },
  };
}

/** What a follower is told: an object that is nothing now goes, and one that was nothing all along is not told of. */
function trimmedEvent<K extends Kind>(event: WatchEvent<K>, trim: TrimPod): WatchEvent<K> {
  if (event.type === "BOOKMARK" || event.object.kind !== "PodNetwork") return event;
  const { type, resourceVersion } = event;
  const object = trim(event.object) as KindMap[K] | undefined;
  if (object !== undefined) return { type, object, resourceVersion };
  return type === "MODIFIED" ? { ...event, type: "DELETED" } : { type: "BOOKMARK", resourceVersion };
}
