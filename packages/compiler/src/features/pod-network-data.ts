import {
  addressAt,
  bitsOf,
  compareIp,
  containsIp,
  firstOf,
  formatIp,
  formatPrefix,
  type Ip,
  lastOf,
  POD_NETWORK_DATA_PATH,
  type PodBridge,
  type PodNetworkData,
  type PodRange,
  sameIp,
} from "@pharos/hoststate";
import type { Feature } from "../contribution.ts";
import type { BridgeRange, Host, PlacedBridge, Vehicle } from "../vehicle/model.ts";
import { firstHostAddress } from "../vehicle/read-bridges.ts";

/** The CNI plugin's data: the pod bridges of this host with the addresses that it may hand out there. */
export const podNetworkData: Feature = ({ vehicle, host, live }) => {
  const bridges = podBridgesOn(vehicle, host);
  if (bridges.length === 0) return { contribution: {}, findings: [] };
  const defaultBridge = defaultPodBridge(bridges);
  const data: PodNetworkData = {
    version: 1,
    ...(defaultBridge === undefined ? {} : { defaultBridge }),
    bridges: bridges.map((bridge) => ({ ...podBridge(vehicle, bridge, host), ...(live.cluster === undefined ? {} : { hairpin: true }) })),
  };
  const content = `${JSON.stringify(data, undefined, 2)}\n`;
  return { contribution: { files: [{ path: POD_NETWORK_DATA_PATH, mode: 0o644, content }] }, findings: [] };
};

function podBridgesOn(vehicle: Vehicle, host: Host): readonly PlacedBridge[] {
  return vehicle.bridges.filter((bridge) => host.managed && bridge.bridgeFor === "pod" && bridge.hosts.includes(host.name));
}

/** The one that says so, else the only one, else none. */
function defaultPodBridge(bridges: readonly PlacedBridge[]): string | undefined {
  const named = bridges.filter((bridge) => bridge.isDefault);
  const candidates = named.length > 0 ? named : bridges;
  return candidates.length === 1 ? candidates[0]?.name : undefined;
}

function podBridge(vehicle: Vehicle, bridge: PlacedBridge, host: Host): PodBridge {
  return {
    name: bridge.name,
    isGateway: bridge.isGateway,
    ipMasq: bridge.ipMasq,
    ...(bridge.mtu === undefined ? {} : { mtu: bridge.mtu }),
    ...(bridge.ipam === undefined ? {} : { ipam: bridge.ipam }),
    ranges: bridge.ranges.flatMap((range) => podRange(vehicle, { bridge, range, host: host.name }) ?? []),
    routes: bridge.routes.map(({ dst, gw }) => ({ dst: formatPrefix(dst), ...(gw === undefined ? {} : { gw: formatIp(gw) }) })),
  };
}

interface RangeOnHost {
  readonly bridge: PlacedBridge;
  readonly range: BridgeRange;
  readonly host: string;
}

function podRange(vehicle: Vehicle, { bridge, range, host }: RangeOnHost): PodRange | undefined {
  const part = range.blocks.find((block) => block.host === host);
  if (part === undefined) return undefined;
  const bounds = handOutBounds(range, part.block);
  if (compareIp(bounds.first, bounds.last) > 0) return undefined;
  const gateway = bridge.isGateway ? part.gateway : range.gateway;
  const taken = [...range.exclude, ...(gateway === undefined ? [] : [gateway]), ...fixedAddresses(vehicle)];
  const inside = taken.filter((ip) => containsIp(part.block, ip)).sort(compareIp);
  return {
    subnet: formatPrefix(range.subnet),
    block: formatPrefix(part.block),
    rangeStart: formatIp(bounds.first),
    rangeEnd: formatIp(bounds.last),
    ...(bridge.isGateway ? { gateway: formatIp(part.gateway) } : {}),
    exclude: [...new Set(inside.map(formatIp))],
  };
}

/**
 * The first and last address that may be handed out: rangeStart to rangeEnd inside the block, never the block's first address
 * and never the subnet's broadcast address (RFC 919).
 */
export function handOutBounds(range: BridgeRange, block: BridgeRange["subnet"]): { readonly first: Ip; readonly last: Ip } {
  const end = lastOf(block);
  const wide = bitsOf(end.family) - range.subnet.length >= 2;
  const broadcast = wide && end.family === "ipv4" && sameIp(end, lastOf(range.subnet));
  const low = firstHostAddress(block);
  const high = broadcast ? addressAt(end, -1n) : end;
  const { rangeStart, rangeEnd } = range;
  return {
    first: rangeStart !== undefined && compareIp(rangeStart, low) > 0 ? rangeStart : low,
    last: rangeEnd !== undefined && compareIp(rangeEnd, high) < 0 ? rangeEnd : high,
  };
}

/** Addresses that interfaces of hosts have for good; pods of a shared subnet must not get them. */
function fixedAddresses(vehicle: Vehicle): readonly Ip[] {
  const machines = [...vehicle.hosts, ...vehicle.cloud];
  return machines.flatMap((host) => host.interfaces.flatMap((intf) => (intf.address === undefined ? [] : [intf.address.ip])));
}

/** How many addresses the bounds leave when `taken` of them are never handed out. */
export function capacityOf(range: BridgeRange, block: BridgeRange["subnet"], gateway: Ip): bigint {
  const { first, last } = handOutBounds(range, block);
  if (compareIp(first, last) > 0) return 0n;
  const inside = (ip: Ip): boolean =>
    compareIp(first, ip) <= 0 && compareIp(ip, last) <= 0 && containsIp({ ip: firstOf(block), length: block.length }, ip);
  const taken = new Set([gateway, ...range.exclude].filter(inside).map(formatIp));
  return last.value - first.value + 1n - BigInt(taken.size);
}
