import { formatIp, formatPrefix, networkOf, parseIp, parsePrefix } from "@pharos/hoststate";
import type { PortMapping } from "./port-mappings.ts";

/** The nft table of what belongs to pods; the plugin makes it, the agent leaves it alone. */
export const POD_TABLE = "pharos_pods";

/** Packet mark of what was addressed to the host, from translation to postrouting; the bit that the reference plugin portmap uses. */
const MARK = "0x2000";

/**
 * What nft(8) is given to make the table; it may be given again at any time. Rules look pods up in sets and maps, so they never
 * change; where a later version changes one it must rename a set, because the plugin gives this text only when a set is missing.
 *
 * Only what is addressed to the host itself is translated, and never the loopback addresses: answering there would need
 * route_localnet, which lets a pod reach services that the host keeps for itself. A flow that comes from the pod's own subnet gets
 * the host's address as its source, because the answer would else go past the host, inside the bridge.
 */
export function podTableFrame(): string {
  const lines = [
    `add table inet ${POD_TABLE}`,
    ...(["4", "6"] as const).flatMap((v) => setsOf(v)),
    "add chain hostports",
    "add chain prerouting { type nat hook prerouting priority -100; policy accept; }",
    "add chain output { type nat hook output priority -100; policy accept; }",
    "add chain postrouting { type nat hook postrouting priority 100; policy accept; }",
    ...["hostports", "prerouting", "output", "postrouting"].map((chain) => `flush chain ${chain}`),
    "add rule hostports ip daddr 127.0.0.0/8 return",
    "add rule hostports ip6 daddr ::1 return",
    `add rule hostports meta mark set meta mark or ${MARK}`,
    ...rulesOf("4", "ip", "224.0.0.0/4"),
    ...rulesOf("6", "ip6", "ff00::/8"),
    ...["prerouting", "output"].map((chain) => `add rule ${chain} fib daddr type local meta l4proto { tcp, udp, sctp } jump hostports`),
  ];
  return `${lines.map((line) => line.replace(/^(add|flush) (set|map|chain|rule) /, `$1 $2 inet ${POD_TABLE} `)).join("\n")}\n`;
}

/** The names of its sets and maps. */
export function podTableSets(): readonly string[] {
  return (["4", "6"] as const).flatMap(setsOf).map((line) => line.split(" ")[2] ?? "");
}

/** How many rules each of its chains has. */
export function podTableRules(): ReadonlyMap<string, number> {
  const chains = podTableFrame().matchAll(/^add rule inet \S+ (\S+)/gm);
  const counts = new Map<string, number>();
  for (const [, chain = ""] of chains) counts.set(chain, (counts.get(chain) ?? 0) + 1);
  return counts;
}

type Version = "4" | "6";

function setsOf(v: Version): readonly string[] {
  const pod = `ipv${v}_addr`;
  return [
    `add map hostports${v} { type inet_proto . inet_service : ${pod} . inet_service; }`,
    `add map hostports${v}-by-address { type ${pod} . inet_proto . inet_service : ${pod} . inet_service; }`,
    `add set hairpin${v} { type ${pod} . ${pod}; flags interval; }`,
    `add set masquerade${v} { type ${pod}; }`,
    `add set unmasqueraded${v} { type ${pod} . ${pod}; flags interval; }`,
  ];
}

/** Multicast keeps its source, as in the agent's own masquerade. */
function rulesOf(v: Version, ip: "ip" | "ip6", multicast: string): readonly string[] {
  return [
    `add rule hostports dnat ${ip} addr . port to ${ip} daddr . meta l4proto . th dport map @hostports${v}-by-address`,
    `add rule hostports dnat ${ip} addr . port to meta l4proto . th dport map @hostports${v}`,
    `add rule postrouting meta mark and ${MARK} == ${MARK} ${ip} saddr . ${ip} daddr @hairpin${v} masquerade`,
    `add rule postrouting ${ip} saddr @masquerade${v} ${ip} daddr != ${multicast} ${ip} saddr . ${ip} daddr != @unmasqueraded${v} masquerade`,
  ];
}

/** One field of a key or of a map's data. */
export type PodElementField =
  | { readonly kind: "address"; readonly address: string }
  | { readonly kind: "prefix"; readonly prefix: string }
  | { readonly kind: "protocol"; readonly protocol: PortMapping["protocol"] }
  | { readonly kind: "port"; readonly port: number };

/** What the table holds for one pod: an element of a set, or of a map where there is data. */
export interface PodElement {
  readonly table: typeof POD_TABLE;
  readonly set: string;
  readonly key: readonly PodElementField[];
  readonly data?: readonly PodElementField[];
}

/** What of a pod the table has to know. */
export interface PodTraffic {
  /** With the prefix length of the subnet. */
  readonly addresses: readonly string[];
  readonly ports?: readonly PortMapping[];
  /** Subnets towards which the pod keeps its address when it is masqueraded; absent: the plugin does not masquerade it. */
  readonly masqueradeExcept?: readonly string[];
}

/** The elements of a pod. Equal traffic gives equal elements, so that they can be removed without asking the kernel for them. */
export function podElements({ addresses, ports = [], masqueradeExcept }: PodTraffic): readonly PodElement[] {
  const elements = addresses.flatMap((text) => {
    const prefix = parsePrefix(text);
    if (prefix === undefined) return [];
    const { family } = prefix.ip;
    const pod: Pod = { v: family === "ipv4" ? "4" : "6", address: formatIp(prefix.ip), subnet: formatPrefix(networkOf(prefix)) };
    const mine = ports.filter(({ hostIP }) => hostIP === undefined || parseIp(hostIP)?.family === family);
    const kept = masqueradeExcept?.filter((subnet) => parsePrefix(subnet)?.ip.family === family);
    return [
      ...mine.map((port) => portElement(port, pod)),
      ...(mine.length === 0 ? [] : [element(`hairpin${pod.v}`, [prefixField(pod.subnet), hostField(pod)])]),
      ...(kept === undefined ? [] : masqueradeElements(pod, kept)),
    ];
  });
  return elements;
}

interface Pod {
  readonly v: Version;
  readonly address: string;
  readonly subnet: string;
}

function portElement({ protocol, hostPort, containerPort, hostIP }: PortMapping, { v, address }: Pod): PodElement {
  const key: readonly PodElementField[] = [
    { kind: "protocol", protocol },
    { kind: "port", port: hostPort },
  ];
  const data: readonly PodElementField[] = [
    { kind: "address", address },
    { kind: "port", port: containerPort },
  ];
  return hostIP === undefined
    ? { ...element(`hostports${v}`, key), data }
    : { ...element(`hostports${v}-by-address`, [{ kind: "address", address: hostIP }, ...key]), data };
}

function masqueradeElements(pod: Pod, kept: readonly string[]): readonly PodElement[] {
  return [
    element(`masquerade${pod.v}`, [{ kind: "address", address: pod.address }]),
    ...[...new Set(kept)].map((subnet) => element(`unmasqueraded${pod.v}`, [hostField(pod), prefixField(subnet)])),
  ];
}

function element(set: string, key: readonly PodElementField[]): PodElement {
  return { table: POD_TABLE, set, key };
}

function prefixField(prefix: string): PodElementField {
  return { kind: "prefix", prefix };
}

/** The pod itself, in a set whose fields are all prefixes. */
function hostField({ v, address }: Pod): PodElementField {
  return prefixField(`${address}/${v === "4" ? 32 : 128}`);
}
