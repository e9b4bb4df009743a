import { isDeepStrictEqual } from "node:util";
import type { Live } from "@pharos/compiler";
import type { PodNetwork } from "@pharos/kinds";
import { type ClusterParts, mergedFacts } from "./cluster/cluster-parts.ts";

/** What was seen of live data since the agent started; a part that is absent was not seen yet. */
export interface SeenLive extends Partial<Pick<Live, "podNetworks" | "serviceRegistrations">> {
  readonly cluster?: ClusterParts;
}

/** What was known with what is seen now in its place; the very same object when that changes nothing, and the same parts where they do not change. */
export function mergedLive(known: Live, seen: SeenLive): Live {
  const { podNetworks = known.podNetworks, serviceRegistrations = known.serviceRegistrations } = seen;
  const heard = seen.cluster === undefined ? known.cluster : mergedFacts(known.cluster, seen.cluster);
  const cluster = isDeepStrictEqual(heard, known.cluster) ? known.cluster : heard;
  const isSame = podNetworks === known.podNetworks && serviceRegistrations === known.serviceRegistrations && cluster === known.cluster;
  return isSame ? known : { podNetworks, serviceRegistrations, ...(cluster === undefined ? {} : { cluster }) };
}

/** What all hosts' pods are where `own` are those of this host: its ledger knows better than the store, which is told by it. */
export function withOwnPods(live: Live, host: string, own: readonly PodNetwork[]): Live {
  return { ...live, podNetworks: [...live.podNetworks.filter(({ spec }) => spec.host !== host), ...own] };
}
