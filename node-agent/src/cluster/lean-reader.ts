import type { Kind, PodNetwork } from "@pharos/kinds";
import type { Listing, Reader, WatchEvent, WatchOptions } from "@pharos/store";
import { type Collection, type KubernetesStore, listAll, resourceOf, trimTo, watchFrom } from "@pharos/store/kubernetes";
import { leanPods } from "../lean-pods.ts";

/**
 * Reads the Kubernetes API as the store does, but makes PodNetworks lean page by page while they come: a whole list of them is never
 * in memory.
 */
export function leanReader(store: KubernetesStore, host: string): Reader {
  const trim = trimTo("PodNetwork");
  const lean = leanPods(host);
  const pods: Collection<PodNetwork> = { resource: resourceOf("PodNetwork"), trim: (object) => lean(trim(object)) };
  return {
    get: (ref) => store.get(ref),
    list: async <K extends Kind>(kind: K) =>
      kind === "PodNetwork" ? ((await listAll(store.reflector, pods)) as Listing<Kind> as Listing<K>) : store.list(kind),
    watch: <K extends Kind>(kind: K, start: WatchOptions) =>
      kind === "PodNetwork"
        ? (watchFrom(store.reflector, pods, start) as AsyncIterable<WatchEvent<Kind>> as AsyncIterable<WatchEvent<K>>)
        : store.watch(kind, start),
  };
}
