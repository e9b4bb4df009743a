import type { Finding } from "@pharos/base";
import { containsIp, type Ip, parseIp } from "@pharos/hoststate";
import { CLUSTER_DNS_WITHOUT_ROUTE } from "../codes.ts";
import { found } from "../found.ts";
import type { PlacedBridge } from "../vehicle/model.ts";
import type { ClusterFacts } from "./cluster-facts.ts";

/** A warning for each of a host's bridges for pods that gives them no route to cluster DNS, so to no Service either. */
export function podsWithoutDns(bridges: readonly PlacedBridge[], cluster: ClusterFacts, host: string): readonly Finding[] {
  const servers = cluster.dns.flatMap((text) => parseIp(text) ?? []);
  return bridges
    .filter((bridge) => bridge.bridgeFor === "pod" && bridge.hosts.includes(host) && servers.length > 0)
    .filter((bridge) => !servers.some((server) => leadsTo(bridge, server)))
    .map((bridge) => {
      const says = `pods on ${bridge.name} get no route to the cluster's DNS (${cluster.dns.join(", ")})`;
      return found({ code: CLUSTER_DNS_WITHOUT_ROUTE, at: bridge.origin, field: "ipam.routes", says, severity: "WARNING" });
    });
}

/** Where a DHCP server gives addresses it gives routes too. */
function leadsTo({ ranges, routes, ipam }: PlacedBridge, server: Ip): boolean {
  if (ipam === "dhcp") return true;
  const prefixes = [...ranges.map(({ subnet }) => subnet), ...routes.map(({ dst }) => dst)];
  return prefixes.some((prefix) => containsIp(prefix, server));
}
