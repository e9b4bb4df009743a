import { containsIp, type Ip, parseIp, parsePrefix, sameIp } from "@pharos/hoststate";
import type { Flow } from "./flow.ts";
import type { Law } from "./law.ts";

/** Part of a Kubernetes cluster that no rule can cut off. */
export type ClusterService = "API server" | "kubelet" | "cluster DNS";

const DNS_PORT = 53;

/** Which part of the cluster a flow keeps alive, at whatever host; undefined when rules decide about it. */
export function clusterServiceOf(law: Law, flow: Flow): ClusterService | undefined {
  const { cluster } = law;
  if (cluster === undefined || flow.protocol === "icmp") return undefined;
  const { source, destination, destinationPort: port } = flow;
  const isOneOf = (list: readonly string[], ip: Ip): boolean => list.some((text) => isAddress(text, ip));
  const isNode = (ip: Ip): boolean => cluster.nodes.some(({ addresses }) => isOneOf(addresses, ip));
  const fromHost = isNode(source) || isManagedHost(law, source);
  const fromApiServer = cluster.apiServers.some(({ address }) => isAddress(address, source));
  if (flow.protocol === "tcp" && port !== undefined) {
    const toApiServer = cluster.apiServers.some((server) => server.port === port && isAddress(server.address, destination));
    if (toApiServer && (fromHost || fromApiServer || isOneOf(cluster.dnsEndpoints, source))) return "API server";
    if (port === cluster.kubeletPort && isNode(destination) && (fromHost || fromApiServer)) return "kubelet";
  }
  const asked = flow.asked ?? { destination, port };
  const asksDns = asked.port === DNS_PORT && isOneOf(cluster.dns, asked.destination);
  const toDns = port === DNS_PORT && isOneOf(cluster.dnsEndpoints, destination);
  return (asksDns || toDns) && (fromHost || isPod(law, source)) ? "cluster DNS" : undefined;
}

/** The pods that serve DNS instead of `ip`, when that is the cluster's DNS Service and `port` DNS; else none. */
export function dnsServersBehind({ cluster }: Law, ip: Ip, port: number | undefined): readonly Ip[] {
  if (port !== DNS_PORT || cluster?.dns.some((text) => isAddress(text, ip)) !== true) return [];
  return cluster.dnsEndpoints.flatMap((text) => parseIp(text) ?? []).filter((server) => server.family === ip.family);
}

function isAddress(text: string, ip: Ip): boolean {
  const parsed = parseIp(text);
  return parsed !== undefined && sameIp(parsed, ip);
}

function isManagedHost({ zones }: Law, ip: Ip): boolean {
  return zones.some((zone) => zone.kind === "host" && zone.managed && zone.addresses.some((own) => sameIp(own, ip)));
}

/** True inside the prefixes that pods have addresses of. */
function isPod({ zones, cluster }: Law, ip: Ip): boolean {
  const bridged = zones.some((zone) => zone.kind === "bridge" && zone.forPods && zone.prefixes.some((prefix) => containsIp(prefix, ip)));
  return bridged || (cluster?.nodes ?? []).some((node) => node.podCidrs.some((text) => holds(text, ip)));
}

function holds(text: string, ip: Ip): boolean {
  const prefix = parsePrefix(text);
  return prefix !== undefined && containsIp(prefix, ip);
}
