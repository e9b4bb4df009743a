import { PharosError } from "@pharos/base";
import { formatIp, formatPrefix, networkOf, parseIp, parsePrefix } from "@pharos/hoststate";
import { ATTACH_BAD_CONFIG, ATTACH_PORT_TAKEN } from "./codes.ts";
import { type JsonObject, listOf, objectOf, textOf } from "./fields.ts";

/** A port of the host that leads to a port of the pod (capability `portMappings`). */
export interface PortMapping {
  readonly protocol: "tcp" | "udp" | "sctp";
  readonly hostPort: number;
  readonly containerPort: number;
  /** Canonical address of the host that it is bound to; absent: all of its addresses. */
  readonly hostIP?: string;
}

const PROTOCOLS = ["tcp", "udp", "sctp"] as const;

/** Reads `runtimeConfig.portMappings`; entries without a host port ask for nothing. */
export function readPortMappings(value: unknown): readonly PortMapping[] {
  const path = "runtimeConfig.portMappings";
  const mappings = listOf(value, path).flatMap((item, index) =>
    readMapping(asConvened(objectOf(item, `${path}[${index}]`)), `${path}[${index}]`),
  );
  mappings.forEach((mapping, index) => {
    const other = mappings.slice(0, index).find((earlier) => collide(earlier, mapping));
    if (other !== undefined)
      throw new PharosError(ATTACH_BAD_CONFIG, `${path}[${index}] has the host port of another mapping: ${portText(mapping)}`);
  });
  return mappings;
}

/**
 * Keys in the spelling of the CNI conventions. containerd (go-cni) writes `HostPort`, `ContainerPort`, `Protocol` and `HostIP`, and the
 * reference plugins take any case, because Go's decoder does.
 */
function asConvened(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name.slice(0, 1).toLowerCase() + name.slice(1), value]));
}

function readMapping(fields: JsonObject, path: string): readonly PortMapping[] {
  if (fields.hostPort === undefined || fields.hostPort === 0) return [];
  const protocol = (textOf(fields.protocol, `${path}.protocol`) ?? "tcp").toLowerCase();
  const known = PROTOCOLS.find((one) => one === protocol);
  if (known === undefined)
    throw new PharosError(ATTACH_BAD_CONFIG, `${path}.protocol is not tcp, udp or sctp: ${JSON.stringify(protocol)}`);
  const hostIP = hostAddress(textOf(fields.hostIP, `${path}.hostIP`), path);
  const ports = {
    hostPort: portOf(fields.hostPort, `${path}.hostPort`),
    containerPort: portOf(fields.containerPort, `${path}.containerPort`),
  };
  return [{ protocol: known, ...ports, ...(hostIP === undefined ? {} : { hostIP }) }];
}

function portOf(value: unknown, path: string): number {
  if (!Number.isInteger(value) || Number(value) < 1 || Number(value) > 65535)
    throw new PharosError(ATTACH_BAD_CONFIG, `${path} is not a port: ${JSON.stringify(value)}`);
  return Number(value);
}

/** Undefined for the addresses that mean all. */
function hostAddress(text: string | undefined, path: string): string | undefined {
  if (text === undefined || text === "") return undefined;
  const ip = parseIp(text);
  if (ip === undefined) throw new PharosError(ATTACH_BAD_CONFIG, `${path}.hostIP is not an address: ${JSON.stringify(text)}`);
  return ip.value === 0n ? undefined : formatIp(ip);
}

/** True when both want the same port of an address. */
function collide(a: PortMapping, b: PortMapping): boolean {
  const samePort = a.protocol === b.protocol && a.hostPort === b.hostPort;
  return samePort && (a.hostIP === undefined || b.hostIP === undefined || a.hostIP === b.hostIP);
}

/** Throws ATTACH_PORT_TAKEN when another pod has one of the host ports. */
export function requireFreePorts(wanted: readonly PortMapping[], others: readonly PortMapping[]): void {
  const taken = wanted.find((mapping) => others.some((other) => collide(mapping, other)));
  if (taken !== undefined) throw new PharosError(ATTACH_PORT_TAKEN, `host port ${portText(taken)} belongs to another pod`);
}

function portText({ protocol, hostPort, hostIP }: PortMapping): string {
  return `${hostIP === undefined ? "" : `${hostIP} `}${protocol}/${hostPort}`;
}

/** The nft table of what belongs to pods; the plugin makes it, the agent leaves it alone. */
export const POD_TABLE = "pharos_pods";

/** Packet mark of what was addressed to the host, from translation to postrouting; the bit that the reference plugin portmap uses. */
const MARK = "0x2000";

/**
 * The table's frame, which may be given to nft again at any time: rules look ports up in maps, so they never change. Only what is
 * addressed to the host itself is translated, and never the loopback addresses: answering there would need route_localnet, which
 * lets a pod reach services that the host keeps for itself. A flow that comes from the pod's own subnet gets the host's address
 * as its source, because the answer would else go past the host, inside the bridge.
 */
const FRAME = ["4", "6"]
  .flatMap((v) => [
    `add map inet ${POD_TABLE} hostports${v} { type inet_proto . inet_service : ipv${v}_addr . inet_service; }`,
    `add map inet ${POD_TABLE} hostports${v}-by-address { type ipv${v}_addr . inet_proto . inet_service : ipv${v}_addr . inet_service; }`,
    `add set inet ${POD_TABLE} hairpin${v} { type ipv${v}_addr . ipv${v}_addr; flags interval; }`,
  ])
  .concat(
    `add chain inet ${POD_TABLE} hostports`,
    `add chain inet ${POD_TABLE} prerouting { type nat hook prerouting priority -100; policy accept; }`,
    `add chain inet ${POD_TABLE} output { type nat hook output priority -100; policy accept; }`,
    `add chain inet ${POD_TABLE} postrouting { type nat hook postrouting priority 100; policy accept; }`,
    ...["hostports", "prerouting", "output", "postrouting"].map((chain) => `flush chain inet ${POD_TABLE} ${chain}`),
    `add rule inet ${POD_TABLE} hostports ip daddr 127.0.0.0/8 return`,
    `add rule inet ${POD_TABLE} hostports ip6 daddr ::1 return`,
    `add rule inet ${POD_TABLE} hostports meta mark set meta mark or ${MARK}`,
    ...(["4 ip", "6 ip6"] as const).flatMap((one) => {
      const [v, ip] = one.split(" ");
      return [
        `add rule inet ${POD_TABLE} hostports dnat ${ip} addr . port to ${ip} daddr . meta l4proto . th dport map @hostports${v}-by-address`,
        `add rule inet ${POD_TABLE} hostports dnat ${ip} addr . port to meta l4proto . th dport map @hostports${v}`,
        `add rule inet ${POD_TABLE} postrouting meta mark and ${MARK} == ${MARK} ${ip} saddr . ${ip} daddr @hairpin${v} masquerade`,
      ];
    }),
    ...["prerouting", "output"].map(
      (chain) => `add rule inet ${POD_TABLE} ${chain} fib daddr type local meta l4proto { tcp, udp, sctp } jump hostports`,
    ),
  );

/** What nft(8) is given so that the ports lead to the pod; the whole is one transaction. */
export function publishPorts(ports: readonly PortMapping[], addresses: readonly string[]): string {
  return script([`add table inet ${POD_TABLE}`, ...FRAME, ...elementsOf(ports, addresses).map((element) => `add element ${element}`)]);
}

/**
 * What nft(8) is given so that they no longer do. Each element is added before it is deleted: deleting what is not there fails,
 * and adding what is there does not. One that leads to another pod fails the transaction, and is that pod's.
 */
export function withdrawPorts(ports: readonly PortMapping[], addresses: readonly string[]): string {
  const elements = elementsOf(ports, addresses);
  return script([
    `add table inet ${POD_TABLE}`,
    ...FRAME,
    ...elements.flatMap((element) => [`add element ${element}`, `delete element ${element}`]),
  ]);
}

function elementsOf(ports: readonly PortMapping[], addresses: readonly string[]): readonly string[] {
  const prefixes = addresses.flatMap((text) => parsePrefix(text) ?? []);
  return prefixes.flatMap(({ ip, length }) => {
    const mine = ports.filter(({ hostIP }) => hostIP === undefined || parseIp(hostIP)?.family === ip.family);
    const v = ip.family === "ipv4" ? "4" : "6";
    const pod = formatIp(ip);
    const subnet = formatPrefix(networkOf({ ip, length }));
    return mine.flatMap((port) => [portElement(port, v, pod), `inet ${POD_TABLE} hairpin${v} { ${subnet} . ${pod} }`]);
  });
}

function portElement({ protocol, hostPort, containerPort, hostIP }: PortMapping, v: "4" | "6", pod: string): string {
  const key = `${protocol} . ${hostPort} : ${pod} . ${containerPort}`;
  return hostIP === undefined
    ? `inet ${POD_TABLE} hostports${v} { ${key} }`
    : `inet ${POD_TABLE} hostports${v}-by-address { ${hostIP} . ${key} }`;
}

function script(lines: readonly string[]): string {
  return `${lines.join("\n")}\n`;
}
