import { isDeepStrictEqual } from "node:util";
import type { Live } from "@pharos/compiler";
import { type ClusterParts, mergedFacts } from "./cluster/cluster-parts.ts";

/** What was seen of live data since the agent started; a part that is absent was not seen yet. */
export interface SeenLive extends Partial<Pick<Live, "podNetworks" | "serviceRegistrations">> {
  readonly cluster?: ClusterParts;
}

/** What was known with what is seen now in its place; the very same object when that changes nothing. */
export function mergedLive(known: Live, seen: SeenLive): Live {
  const { podNetworks = known.podNetworks, serviceRegistrations = known.serviceRegistrations } = seen;
  const cluster = seen.cluster === undefined ? known.cluster : mergedFacts(known.cluster, seen.cluster);
  const isSame =
    podNetworks === known.podNetworks &&
    serviceRegistrations === known.serviceRegistrations &&
    (cluster === known.cluster || isDeepStrictEqual(cluster, known.cluster));
  return isSame ? known : { podNetworks, serviceRegistrations, ...(cluster === undefined ? {} : { cluster }) };
}
