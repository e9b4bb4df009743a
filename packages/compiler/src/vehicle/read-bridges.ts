import type { Finding } from "@pharos/base";
import { addressAt, bitsOf, containsIp, firstOf, formatPrefix, type Ip, networkOf, type Prefix, parsePrefix } from "@pharos/hoststate";
import type { BridgeSpecEntry, BridgeRange as DeclaredRange } from "@pharos/kinds";
import type { Allocation } from "../documents.ts";
import type { BridgeRange, Host, Origin, PlacedBridge } from "./model.ts";
import { compareText, qualifiedName } from "./names.ts";
import { type BridgeEntry, hostsOfBridge } from "./place-bridges.ts";
import { readIp, readPrefix } from "./read-hosts.ts";

export interface BridgeInput {
  readonly hosts: readonly Host[];
  readonly cloud: readonly Host[];
  readonly allocations: readonly Allocation[];
}

/** A declared bridge with its hosts, ports and each host's part of its subnets. */
export function readBridge(entry: BridgeEntry, input: BridgeInput, findings: Finding[]): PlacedBridge {
  const { declared, origin } = entry;
  const hosts = hostsOfBridge(declared, input.hosts, input.cloud);
  const ranges = (declared.ipam?.ranges ?? []).flatMap(
    (range, index) =>
      readRange(
        { bridge: declared.name, range, carriers: hosts, allocations: input.allocations, at: at(origin, `ipam.ranges[${index}]`) },
        findings,
      ) ?? [],
  );
  const routes = (declared.ipam?.routes ?? []).flatMap((route, index) => {
    const where = at(origin, `ipam.routes[${index}]`);
    const dst = readPrefix(route.dst, { at: where, field: "dst" }, findings);
    const gw = readIp(route.gw, { at: where, field: "gw" }, findings);
    return dst === undefined ? [] : [{ dst: networkOf(dst), ...(gw === undefined ? {} : { gw }) }];
  });
  return {
    name: declared.name,
    bridgeFor: declared.bridgeFor,
    ipMasq: declared.ipMasq,
    isGateway: declared.isGateway,
    isDefault: declared.default,
    ...(declared.mtu === undefined ? {} : { mtu: declared.mtu }),
    ...ipamOf(declared),
    hosts,
    ports: portsOf(declared, hosts, input.hosts),
    ranges,
    routes,
    ...(declared.ipam?.blockSize === undefined ? {} : { blockSize: declared.ipam.blockSize }),
    origin,
  };
}

function ipamOf({ ipam }: BridgeSpecEntry): Pick<PlacedBridge, "ipam"> {
  return ipam?.type === "dhcp" || ipam?.type === "static" ? { ipam: ipam.type } : {};
}

function at(origin: Origin, field: string): Origin {
  return { document: origin.document, path: `${origin.path}.${field}` };
}

/**
 * Declared ports, then the VMs that join by segment. A port without a host is one on every carrier that the Node document gives such
 * an interface, else on every carrier: a port needs no address, so documents may leave it to the host.
 */
function portsOf(declared: BridgeSpecEntry, carriers: readonly string[], hosts: readonly Host[]): PlacedBridge["ports"] {
  const named = (declared.ports ?? []).flatMap((port) => {
    if (port.host !== undefined) return [{ host: port.host, interface: port.interface }];
    const having = hosts.filter((host) => carriers.includes(host.name) && hasInterface(host, port.interface, hosts));
    const on = having.length > 0 ? having.map((host) => host.name) : carriers;
    return on.map((host) => ({ host, interface: port.interface }));
  });
  const joining = hosts.flatMap(({ parent, interfaces }) => {
    if (parent === undefined || !carriers.includes(parent)) return [];
    const own = interfaces.filter((intf) => intf.segment === declared.name);
    return own.map((intf) => ({ host: parent, interface: intf.qualifiedName }));
  });
  const all = new Map([...named, ...joining].map((port) => [`${port.host} ${port.interface}`, port]));
  return [...all].sort(([a], [b]) => compareText(a, b)).map(([, port]) => port);
}

/** True when `name` is an interface of `host`, or the name that a VM's interface has on it. */
export function hasInterface(host: Host, name: string, hosts: readonly Host[]): boolean {
  if (host.interfaces.some((intf) => intf.name === name)) return true;
  const children = hosts.filter((child) => child.parent === host.name);
  return children.some((child) => child.interfaces.some((intf) => qualifiedName(child.name, intf.name) === name));
}

interface RangeInput {
  readonly bridge: string;
  readonly range: DeclaredRange;
  readonly carriers: readonly string[];
  readonly allocations: readonly Allocation[];
  readonly at: Origin;
}

function readRange(input: RangeInput, findings: Finding[]): BridgeRange | undefined {
  const { range, at } = input;
  const written = readPrefix(range.subnet, { at, field: "subnet" }, findings);
  if (written === undefined) return undefined;
  const subnet = networkOf(written);
  const rangeStart = readIp(range.rangeStart, { at, field: "rangeStart" }, findings);
  const rangeEnd = readIp(range.rangeEnd, { at, field: "rangeEnd" }, findings);
  const gateway = readIp(range.gateway, { at, field: "gateway" }, findings);
  return {
    subnet,
    ...(rangeStart === undefined ? {} : { rangeStart }),
    ...(rangeEnd === undefined ? {} : { rangeEnd }),
    ...(gateway === undefined ? {} : { gateway }),
    exclude: (range.exclude ?? []).flatMap((text, index) => readIp(text, { at, field: `exclude[${index}]` }, findings) ?? []),
    blocks: blocksOf(input, subnet, gateway),
    origin: at,
  };
}

/** The allocated blocks; without an allocation a bridge on one host has the whole subnet, and one on several hosts has no block there. */
function blocksOf(input: RangeInput, subnet: Prefix, gateway: Ip | undefined): BridgeRange["blocks"] {
  const text = formatPrefix(subnet);
  const alone = input.carriers.length === 1 ? subnet : undefined;
  return input.carriers.flatMap((host) => {
    const own = input.allocations.find((known) => known.bridge === input.bridge && known.subnet === text && known.host === host);
    const block = own === undefined ? alone : parsePrefix(own.block);
    return block === undefined ? [] : [{ host, block, gateway: gatewayOf(block, gateway) }];
  });
}

/** A host's own address on a bridge: the declared gateway where it lies in the block, else the block's first host address. */
export function gatewayOf(block: Prefix, declared: Ip | undefined): Ip {
  if (declared !== undefined && containsIp(block, declared)) return declared;
  return firstHostAddress(block);
}

/** The address after the network address; of prefixes with one or two addresses (RFC 3021) the first. */
export function firstHostAddress(prefix: Prefix): Ip {
  const first = firstOf(prefix);
  return bitsOf(first.family) - prefix.length < 2 ? first : addressAt(first, 1n);
}
