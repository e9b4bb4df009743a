import type { Kind, PodNetwork } from "@pharos/kinds";
import { byPlace } from "../object-cache.ts";
import { trimmedPodReader } from "../pod-reader.ts";
import type { Listing, Reader, TrimPod } from "../store.ts";
import { type Collection, listAll, type ReflectorOptions } from "./reflector.ts";
import { resourceOf } from "./resource.ts";
import { trimTo } from "./trimmed-object.ts";

/** `trimmedPodReader` that trims a list page by page while it comes: all of it is never in memory. */
export function kubernetesPodReader(reader: Reader, reflector: ReflectorOptions, trim: TrimPod): Reader {
  const whole = trimTo("PodNetwork");
  const pods: Collection<PodNetwork> = { resource: resourceOf("PodNetwork"), trim: (object) => trim(whole(object)) };
  const list = async () => {
    const { items, resourceVersion } = await listAll(reflector, pods);
    return { items: [...items].sort(byPlace), resourceVersion };
  };
  return {
    ...trimmedPodReader(reader, trim),
    list: async <K extends Kind>(kind: K) => (kind === "PodNetwork" ? ((await list()) as Listing<Kind> as Listing<K>) : reader.list(kind)),
  };
}
