import type { Finding } from "@pharos/base";
import { formatPrefix, overlaps, type Prefix, parsePrefix } from "@pharos/hoststate";
import { CLUSTER_SUBNET_OVERLAP } from "../codes.ts";
import { found } from "../found.ts";
import type { PlacedBridge } from "../vehicle/model.ts";
import type { ClusterFacts } from "./cluster-facts.ts";

/**
 * One finding for each subnet of a bridge that overlaps a podCIDR of the cluster. While this host has the cluster's own bridge that is
 * an ERROR: a pod's address could then be on either bridge, so the documents wait and running pods keep what they have.
 */
export function podCidrOverlaps(bridges: readonly PlacedBridge[], cluster: ClusterFacts, hasClusterBridge: boolean): readonly Finding[] {
  const severity = hasClusterBridge ? "ERROR" : "WARNING";
  const given = cluster.nodes.flatMap((node) =>
    node.podCidrs.flatMap((text) => parsePrefix(text) ?? []).map((prefix) => ({ node, prefix })),
  );
  return bridges.flatMap((bridge) =>
    bridge.ranges.flatMap(({ subnet, origin }) =>
      given
        .filter(({ prefix }) => overlaps(prefix, subnet))
        .map(({ node, prefix }) =>
          found({
            code: CLUSTER_SUBNET_OVERLAP,
            at: origin,
            field: "subnet",
            says: says(bridge, subnet, { node: node.name, prefix }),
            severity,
          }),
        ),
    ),
  );
}

function says(bridge: PlacedBridge, subnet: Prefix, other: { readonly node: string; readonly prefix: Prefix }): string {
  return `${formatPrefix(subnet)} of bridge ${bridge.name} overlaps ${formatPrefix(other.prefix)}, the podCIDR of node ${other.node}`;
}
