import { type FollowedObjects, type FollowSourceOptions, followSource } from "../follow-source.ts";
import type { Followable } from "../object-cache.ts";
import { type Collection, listAll, type ReflectorOptions, watchFrom } from "./reflector.ts";

export type FollowResourceOptions<T> = Pick<FollowSourceOptions<T>, "signal" | "onSync" | "onFailure" | "onEvent" | "relistInterval">;

/**
 * Keeps a cache of any resource of the API server, as `follow` does for our kinds: core Nodes, Services, Leases. `trim` of
 * the collection decides what is kept of each object; metadata's name, namespace and resourceVersion must be.
 */
export function followResource<T extends Followable>(
  reflector: ReflectorOptions,
  collection: Collection<T>,
  options: FollowResourceOptions<T>,
): FollowedObjects<T> {
  const { plural, group } = collection.resource;
  const source = {
    name: group === "" ? plural : `${plural}.${group}`,
    list: () => listAll(reflector, collection),
    watch: (start: { readonly resourceVersion: string; readonly signal: AbortSignal }) => watchFrom(reflector, collection, start),
  };
  return followSource(source, { ...options, clock: reflector.clock, log: reflector.log });
}
