import type { Kind, KindMap } from "@pharos/kinds";
import { type FollowedObjects, type FollowSourceOptions, followSource } from "./follow-source.ts";
import type { SourceChange } from "./object-cache.ts";
import type { Reader } from "./store.ts";

/** A change of one object. */
export type Follow<K extends Kind> = SourceChange<KindMap[K]>;

export type FollowOptions<K extends Kind> = FollowSourceOptions<KindMap[K]>;

/** What is known of one kind. */
export type Followed<K extends Kind> = FollowedObjects<KindMap[K]>;

/** Keeps a cache of all objects of one kind: list, watch, and list again whenever the history does not reach back. */
export function follow<K extends Kind>(reader: Reader, kind: K, options: FollowOptions<K>): Followed<K> {
  return followSource<KindMap[K]>({ name: kind, list: () => reader.list(kind), watch: (start) => reader.watch(kind, start) }, options);
}
