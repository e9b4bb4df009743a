import type { Finding } from "@pharos/base";
import {
  addressAt,
  containsIp,
  type FirewallChain,
  formatIp,
  formatPrefix,
  lastOf,
  networkOf,
  POD_NETWORK_DATA_PATH,
  type PodNetworkData,
  type PodRange,
  type Prefix,
  parseIp,
  parsePrefix,
  type Route,
  type Sysctl,
} from "@pharos/hoststate";
import { CLUSTER_NO_BRIDGE_NETFILTER, CLUSTER_NODE_OFF_LINK, CLUSTER_PODS_UNGOVERNED } from "../codes.ts";
import type { Contribution, FeatureOutput } from "../contribution.ts";
import type { HostFacts, Live } from "../documents.ts";
import { keepSecondaries } from "../features/node.ts";
import { MAIN_TABLE, routeMetric } from "../features/route-metric.ts";
import type { Vehicle } from "../vehicle/model.ts";
import { firstHostAddress } from "../vehicle/read-bridges.ts";
import type { ClusterFacts, ClusterNode } from "./cluster-facts.ts";
import { podsWithoutDns } from "./dns-routes.ts";
import { podCidrOverlaps } from "./pod-cidr-overlaps.ts";

/** The bridge of pods that no Bridge document gives one. */
export const CLUSTER_BRIDGE = "pharos0";

export interface ClusterPodsInput {
  /** Name of the host that is compiled for. */
  readonly host: string;
  readonly live: Live;
  readonly facts: HostFacts;
  /** The vehicle of the documents, whose rules these pods are outside of; undefined when there is no Node document. */
  readonly vehicle: Vehicle | undefined;
}

/**
 * The network of pods on a Kubernetes node that has no Bridge document: a bridge with the node's podCIDRs, routes to those of
 * the other nodes, and source translation for what leaves the pods. Once documents give the host a bridge for pods this one hands
 * out no more addresses, and goes when its last pod is gone; routes lead to each node whose pods still have such addresses.
 */
export function clusterPods(input: ClusterPodsInput): FeatureOutput {
  const { live, host, vehicle, facts } = input;
  const { cluster } = live;
  const node = cluster?.nodes.find((known) => known.host === host);
  if (cluster === undefined || node === undefined) return { contribution: {}, findings: [] };
  const isWanted = usesPodCidrs(input, node);
  const own = isWanted ? prefixesOf(node) : [];
  const others = cluster.nodes.filter((other) => other.name !== node.name && usesPodCidrs(input, other));
  const ways = routesTo(others, facts);
  const findings = [
    ...podCidrOverlaps(vehicle?.bridges ?? [], cluster, isWanted),
    ...podsWithoutDns(vehicle?.bridges ?? [], cluster, host),
    ...ways.findings,
    ...(facts.bridgeNetfilter ? [] : [withoutNetfilter(host)]),
    ...(isWanted && vehicle !== undefined ? [ungoverned(host)] : []),
  ];
  if (!isWanted) return { contribution: { routes: ways.routes }, findings };
  const mtu = mtuTowardsNodes(node, ways.routes, facts);
  const size = mtu === undefined ? {} : { mtu };
  const contribution: Contribution = {
    links: [{ kind: "bridge", name: CLUSTER_BRIDGE, callIptables: facts.bridgeNetfilter, multicastSnooping: false, ...size }],
    addresses: own.map((prefix) => ({ link: CLUSTER_BRIDGE, address: `${formatIp(firstHostAddress(prefix))}/${prefix.length}` })),
    routes: ways.routes,
    firewall: [translation(own, cluster)],
    sysctls: forwardingSysctls(own, facts),
    ...(hasPodBridge(vehicle, host) ? {} : { files: [{ path: POD_NETWORK_DATA_PATH, mode: 0o644, content: networkData(own, size) }] }),
  };
  return { contribution, findings };
}

function hasPodBridge(vehicle: Vehicle | undefined, host: string): boolean {
  return vehicle?.bridges.some((bridge) => bridge.bridgeFor === "pod" && bridge.hosts.includes(host)) === true;
}

/** True when pods of a node get addresses of its podCIDRs, or still have some. */
function usesPodCidrs({ live, vehicle }: ClusterPodsInput, node: ClusterNode): boolean {
  const prefixes = prefixesOf(node);
  return prefixes.length > 0 && (!hasPodBridge(vehicle, node.host) || isInUse(live, node.host, prefixes));
}

function prefixesOf(node: ClusterNode): readonly Prefix[] {
  return node.podCidrs.flatMap((text) => parsePrefix(text) ?? []).map(networkOf);
}

/** True while a pod of this host has an address of the node's podCIDRs. */
function isInUse({ podNetworks }: Live, host: string, own: readonly Prefix[]): boolean {
  return podNetworks.some(({ spec, status }) => {
    const addresses = spec.host === host ? (status?.addresses ?? []) : [];
    return addresses.some((text) => {
      const address = parsePrefix(text);
      return address !== undefined && own.some((prefix) => containsIp(prefix, address.ip));
    });
  });
}

/** Routes by the nodes' addresses, where these are on a link of ours. */
function routesTo(
  others: readonly ClusterNode[],
  facts: HostFacts,
): { readonly routes: readonly Route[]; readonly findings: readonly Finding[] } {
  const ways = others.flatMap((other) => prefixesOf(other).map((prefix) => ({ other, prefix, way: wayTo(other, prefix, facts) })));
  return {
    routes: ways.flatMap(({ prefix, way }): readonly Route[] => {
      if (way === undefined) return [];
      const metric = routeMetric(prefix.ip.family);
      return [{ destination: formatPrefix(prefix), table: MAIN_TABLE, metric, type: "unicast", gateway: way.gateway, link: way.link }];
    }),
    findings: ways.flatMap(({ other, prefix, way }) => (way === undefined ? [offLink(other, prefix)] : [])),
  };
}

function wayTo(
  other: ClusterNode,
  { ip: { family } }: Prefix,
  facts: HostFacts,
): { readonly gateway: string; readonly link: string } | undefined {
  for (const text of other.addresses) {
    const gateway = parseIp(text);
    if (gateway?.family !== family) continue;
    const link = facts.interfaces.find(({ addresses }) =>
      addresses.some((own) => {
        const prefix = parsePrefix(own);
        return prefix !== undefined && containsIp(networkOf(prefix), gateway);
      }),
    );
    if (link !== undefined) return { gateway: formatIp(gateway), link: link.name };
  }
  return undefined;
}

/**
 * What fits through every link on which this node has its addresses or reaches others: pods send nothing larger, and more fits through
 * no such link. Undefined where no link tells.
 */
function mtuTowardsNodes(node: ClusterNode, routes: readonly Route[], { interfaces }: HostFacts): number | undefined {
  const ways = new Set(routes.flatMap((route) => ("link" in route && route.link !== undefined ? [route.link] : [])));
  const isOwn = (text: string) => {
    const prefix = parsePrefix(text);
    return prefix !== undefined && node.addresses.includes(formatIp(prefix.ip));
  };
  const sizes = interfaces.flatMap(({ name, addresses, mtu }) =>
    mtu !== undefined && (ways.has(name) || addresses.some(isOwn)) ? [mtu] : [],
  );
  return sizes.length === 0 ? undefined : Math.min(...sizes);
}

/** Pods keep their address towards all pods of the cluster; the rest of the world sees the node. */
function translation(own: readonly Prefix[], cluster: ClusterFacts): FirewallChain {
  const everywhere = cluster.nodes.flatMap(prefixesOf);
  const rules = own.map((prefix) => {
    const { family } = prefix.ip;
    const ip = family === "ipv4" ? "ip" : "ip6";
    const multicast = family === "ipv4" ? "224.0.0.0/4" : "ff00::/8";
    const kept = [...new Set([...everywhere.filter((other) => other.ip.family === family).map(formatPrefix), multicast])].sort();
    return { body: `${ip} saddr ${formatPrefix(prefix)} ${ip} daddr != { ${kept.join(", ")} } masquerade`, origin: "cluster pods" };
  });
  return { kind: "chain", name: "cluster-postrouting", hook: { type: "nat", hook: "postrouting", priority: 100, policy: "accept" }, rules };
}

function forwardingSysctls(own: readonly Prefix[], facts: HostFacts): readonly Sysctl[] {
  const v6 = facts.ipv6 && own.some(({ ip }) => ip.family === "ipv6");
  const forwards = [{ path: "net/ipv4/ip_forward", value: "1" }, ...(v6 ? [{ path: "net/ipv6/conf/all/forwarding", value: "1" }] : [])];
  return [...forwards, keepSecondaries(CLUSTER_BRIDGE)];
}

function networkData(own: readonly Prefix[], size: { readonly mtu?: number }): string {
  const routes = own.map(({ ip }) => ({ dst: ip.family === "ipv4" ? "0.0.0.0/0" : "::/0" }));
  const bridge = { name: CLUSTER_BRIDGE, isGateway: true, ipMasq: true, hairpin: true, ...size, ranges: own.map(podRange), routes };
  const data: PodNetworkData = { version: 1, defaultBridge: CLUSTER_BRIDGE, bridges: [bridge] };
  return `${JSON.stringify(data, undefined, 2)}\n`;
}

function podRange(prefix: Prefix): PodRange {
  const gateway = firstHostAddress(prefix);
  const end = lastOf(prefix);
  const text = formatPrefix(prefix);
  const last = end.family === "ipv4" ? addressAt(end, -1n) : end;
  return {
    subnet: text,
    block: text,
    rangeStart: formatIp(gateway),
    rangeEnd: formatIp(last),
    gateway: formatIp(gateway),
    exclude: [formatIp(gateway)],
  };
}

function offLink({ name }: ClusterNode, prefix: Prefix): Finding {
  return {
    code: CLUSTER_NODE_OFF_LINK.code,
    severity: "WARNING",
    path: "",
    description: `no address of node ${name} is on a link of this host, so its pods (${formatPrefix(prefix)}) have no route`,
    recommendation: CLUSTER_NODE_OFF_LINK.action,
  };
}

function ungoverned(host: string): Finding {
  return {
    code: CLUSTER_PODS_UNGOVERNED.code,
    severity: "WARNING",
    path: "",
    description: `pods on ${host} have addresses of the cluster's podCIDR, which no rule of the documents names`,
    recommendation: CLUSTER_PODS_UNGOVERNED.action,
  };
}

function withoutNetfilter(host: string): Finding {
  return {
    code: CLUSTER_NO_BRIDGE_NETFILTER.code,
    severity: "WARNING",
    path: "",
    description: `${host} has no br_netfilter, so pods on one bridge do not reach each other by a Service`,
    recommendation: CLUSTER_NO_BRIDGE_NETFILTER.action,
  };
}
