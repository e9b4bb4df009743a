import {
  compareIp,
  type FirewallRule,
  type FirewallSet,
  formatIp,
  formatPrefix,
  type Ip,
  type Prefix,
  parseIp,
  parsePrefix,
} from "@pharos/hoststate";
import type { ClusterFacts } from "../../cluster/cluster-facts.ts";
import type { Zone } from "../../zones/zone.ts";
import { FAMILIES, type ForwardingContext, originText } from "./context.ts";

/** Port that cluster DNS serves on, by its Service and by its pods (RFC 1035). */
const DNS_PORT = 53;

/**
 * What keeps a Kubernetes cluster alive whatever documents say, at every hook: hosts of the vehicle, nodes and API servers reach
 * API servers and kubelets; pods and hosts reach cluster DNS; cluster DNS reaches API servers. Other pods need a rule for an API server.
 *
 * The host of the client translates a DNS Service address before its forward hook, and hosts behind it see the translated flow
 * only: there the flow is known by the addresses of the pods that serve DNS.
 */
export function clusterFailsafe({ cluster }: ForwardingContext): readonly FirewallRule[] {
  if (cluster === undefined) return [];
  const [nodes, dns, dnsToApi] = ["API server and kubelet", "cluster DNS", "API server for cluster DNS"].map((what) =>
    originText(`failsafe ${what}`),
  );
  return FAMILIES.flatMap(({ ip, suffix }) => {
    const target = `${ip} daddr . meta l4proto . th dport`;
    const asked = `ct original ${ip} daddr @dns-services-${suffix} meta l4proto { tcp, udp } ct original proto-dst ${DNS_PORT}`;
    return [
      { body: `${ip} saddr @cluster-members-${suffix} ${target} @cluster-ports-${suffix} accept`, origin: nodes ?? "" },
      { body: `${ip} saddr @dns-clients-${suffix} ${asked} accept`, origin: dns ?? "" },
      { body: `${ip} saddr @dns-clients-${suffix} ${target} @dns-ports-${suffix} accept`, origin: dns ?? "" },
      { body: `${ip} saddr @dns-servers-${suffix} ${target} @api-servers-${suffix} accept`, origin: dnsToApi ?? "" },
    ];
  });
}

/** The sets that `clusterFailsafe` looks into. */
export function clusterSets({ cluster, zones }: ForwardingContext): readonly FirewallSet[] {
  if (cluster === undefined) return [];
  const parts = clusterAddresses(cluster, zones);
  return FAMILIES.flatMap(({ family, suffix, type }): FirewallSet[] => {
    const addresses = (name: string, all: readonly Ip[]): FirewallSet => {
      return { kind: "set", name: `${name}-${suffix}`, type, interval: false, elements: texts(all, family) };
    };
    const targets = (name: string, all: readonly Target[]): FirewallSet => {
      const elements = all
        .filter(({ ip }) => ip.family === family)
        .map(({ ip, protocol, port }) => `${formatIp(ip)} . ${protocol} . ${port}`);
      const of = `${type} . inet_proto . inet_service`;
      return { kind: "set", name: `${name}-${suffix}`, type: of, interval: false, elements: [...new Set(elements)].sort() };
    };
    const clients = parts.pods.filter(({ ip }) => ip.family === family).map(formatPrefix);
    return [
      addresses("cluster-members", [...parts.hosts, ...parts.apiServers.map(({ ip }) => ip)]),
      targets("cluster-ports", [...parts.apiServers, ...parts.kubelets]),
      addresses("dns-services", parts.dnsServices),
      addresses("dns-servers", parts.dnsServers),
      targets(
        "dns-ports",
        parts.dnsServers.flatMap((ip) => [tcp(ip, DNS_PORT), { ip, protocol: "udp", port: DNS_PORT }]),
      ),
      targets("api-servers", parts.apiServers),
      {
        kind: "set",
        name: `dns-clients-${suffix}`,
        type,
        interval: true,
        elements: [...new Set([...clients, ...texts(parts.hosts, family)])].sort(),
      },
    ];
  });
}

interface Target {
  readonly ip: Ip;
  readonly protocol: "tcp" | "udp";
  readonly port: number;
}

interface ClusterAddresses {
  /** Hosts with an agent, and nodes. */
  readonly hosts: readonly Ip[];
  /** Prefixes that pods have addresses of. */
  readonly pods: readonly Prefix[];
  readonly apiServers: readonly Target[];
  readonly kubelets: readonly Target[];
  readonly dnsServices: readonly Ip[];
  readonly dnsServers: readonly Ip[];
}

function clusterAddresses(cluster: ClusterFacts, zones: readonly Zone[]): ClusterAddresses {
  const read = (list: readonly string[]): readonly Ip[] => list.flatMap((text) => parseIp(text) ?? []);
  const nodes = read(cluster.nodes.flatMap((node) => node.addresses));
  const managed = zones.flatMap((zone) => (zone.kind === "host" && zone.managed ? zone.addresses : []));
  const bridges = zones.flatMap((zone) => (zone.kind === "bridge" && zone.forPods ? zone.prefixes : []));
  return {
    hosts: [...managed, ...nodes],
    pods: [...bridges, ...cluster.nodes.flatMap((node) => node.podCidrs.flatMap((text) => parsePrefix(text) ?? []))],
    apiServers: cluster.apiServers.flatMap(({ address, port }) => read([address]).map((ip) => tcp(ip, port))),
    kubelets: nodes.map((ip) => tcp(ip, cluster.kubeletPort)),
    dnsServices: read(cluster.dns),
    dnsServers: read(cluster.dnsEndpoints),
  };
}

function tcp(ip: Ip, port: number): Target {
  return { ip, protocol: "tcp", port };
}

function texts(all: readonly Ip[], family: Ip["family"]): readonly string[] {
  return [
    ...new Set(
      all
        .filter((ip) => ip.family === family)
        .sort(compareIp)
        .map(formatIp),
    ),
  ];
}
