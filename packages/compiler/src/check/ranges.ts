import type { Finding } from "@pharos/base";
import { compareIp, containsIp, formatIp, formatPrefix, type Ip } from "@pharos/hoststate";
import { ADDRESS_OUTSIDE, ADDRESS_RESERVED, GATEWAY_UNREACHABLE, RANGE_EXHAUSTED, RANGE_REVERSED, SUBNET_UNKNOWN } from "../codes.ts";
import { capacityOf } from "../features/pod-network-data.ts";
import { found } from "../found.ts";
import type { BridgeRange, PlacedBridge, Vehicle } from "../vehicle/model.ts";
import { reservedName } from "./addresses.ts";

/** Ranges of bridges: what they name lies inside, in order, and leaves addresses for pods on every host. */
export function rangeFindings(vehicle: Vehicle): readonly Finding[] {
  return vehicle.bridges.flatMap((bridge) => [
    ...bridge.ranges.flatMap((range) => [...insideFindings(bridge, range), ...capacityFindings(bridge, range)]),
    ...routeFindings(bridge),
    ...sizeFindings(bridge),
    ...subnetUnknown(bridge),
  ]);
}

function insideFindings(bridge: PlacedBridge, range: BridgeRange): readonly Finding[] {
  const { subnet, rangeStart, rangeEnd, gateway, exclude, origin } = range;
  const named: readonly (readonly [string, Ip | undefined])[] = [
    ["rangeStart", rangeStart],
    ["rangeEnd", rangeEnd],
    ["gateway", gateway],
    ...exclude.map((ip, index) => [`exclude[${index}]`, ip] as const),
  ];
  const outside = named.flatMap(([field, ip]) => {
    if (ip === undefined || containsIp(subnet, ip)) return [];
    const says = `${formatIp(ip)} of ${bridge.name} lies outside its subnet ${formatPrefix(subnet)}`;
    return [found({ code: ADDRESS_OUTSIDE, at: origin, field, says })];
  });
  const reserved = gateway === undefined ? undefined : reservedName(gateway, subnet);
  if (gateway !== undefined && reserved !== undefined) {
    const says = `the gateway ${formatIp(gateway)} of ${bridge.name} is the ${reserved} address of ${formatPrefix(subnet)}`;
    outside.push(found({ code: ADDRESS_RESERVED, at: origin, field: "gateway", says }));
  }
  if (rangeStart !== undefined && rangeEnd !== undefined && compareIp(rangeStart, rangeEnd) > 0) {
    const says = `the range of ${bridge.name} starts at ${formatIp(rangeStart)} and ends before it, at ${formatIp(rangeEnd)}`;
    outside.push(found({ code: RANGE_REVERSED, at: origin, field: "rangeEnd", says }));
  }
  return outside;
}

/** Only pods get their addresses handed out, and not where a DHCP server does. A range that is wrong in itself has its finding already. */
function capacityFindings(bridge: PlacedBridge, range: BridgeRange): readonly Finding[] {
  if (bridge.bridgeFor !== "pod" || bridge.ipam === "dhcp" || insideFindings(bridge, range).length > 0) return [];
  return range.blocks.flatMap(({ host, block, gateway }) => {
    if (capacityOf(range, block, gateway) > 0n) return [];
    const says = `${bridge.name} has no address left for pods on ${host}: its block is ${formatPrefix(block)} of ${formatPrefix(range.subnet)}, the bridge itself has ${formatIp(gateway)}`;
    return [found({ code: RANGE_EXHAUSTED, at: range.origin, field: "subnet", says })];
  });
}

function routeFindings(bridge: PlacedBridge): readonly Finding[] {
  return bridge.routes.flatMap(({ gw }, index) => {
    if (gw === undefined || bridge.ranges.length === 0 || bridge.ranges.some((range) => containsIp(range.subnet, gw))) return [];
    const subnets = bridge.ranges.map((range) => formatPrefix(range.subnet)).join(", ");
    const says = `pods on ${bridge.name} cannot reach the gateway ${formatIp(gw)}: it is in none of ${subnets}`;
    return [found({ code: GATEWAY_UNREACHABLE, at: bridge.origin, field: `ipam.routes[${index}].gw`, says })];
  });
}

/** Where others give the addresses a range only says which subnet it is, and without one nothing can be done for it. */
function subnetUnknown(bridge: PlacedBridge): readonly Finding[] {
  const { name, ipam, isGateway, ipMasq, ranges, origin } = bridge;
  if (ipam === undefined || ranges.length > 0) return [];
  const wanted = [...(isGateway ? ["isGateway"] : []), ...(ipMasq ? ["ipMasq"] : [])];
  return wanted.map((field) => {
    const says = `${field} of ${name} has no effect: its addresses come by ${ipam}, and no range says which subnet they are of`;
    return found({ code: SUBNET_UNKNOWN, at: origin, field, says, severity: "WARNING" });
  });
}

function sizeFindings(bridge: PlacedBridge): readonly Finding[] {
  const { blockSize } = bridge;
  if (blockSize === undefined) return [];
  return bridge.ranges.flatMap((range) => {
    if (range.subnet.length <= blockSize) return [];
    const says = `blocks of /${blockSize} do not fit into ${formatPrefix(range.subnet)} of ${bridge.name}`;
    return [found({ code: RANGE_EXHAUSTED, at: bridge.origin, field: "ipam.blockSize", says })];
  });
}
