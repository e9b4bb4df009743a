import type { Finding } from "@pharos/base";
import { bitsOf, containsIp, firstOf, formatIp, formatPrefix, type Ip, lastOf, type Prefix, sameIp } from "@pharos/hoststate";
import { ADDRESS_MISSING, ADDRESS_OUTSIDE, ADDRESS_RESERVED, ADDRESS_TWICE, GATEWAY_UNREACHABLE } from "../codes.ts";
import { found, place } from "../found.ts";
import type { HostInterface, Origin, Vehicle } from "../vehicle/model.ts";

/** Addresses of interfaces and the gateways that they name. */
export function addressFindings(vehicle: Vehicle): readonly Finding[] {
  const interfaces = [...vehicle.hosts, ...vehicle.cloud].flatMap((host) => host.interfaces);
  return [...interfaces.flatMap((intf) => interfaceFindings(vehicle, intf)), ...sharedAddresses(vehicle)];
}

function interfaceFindings(vehicle: Vehicle, intf: HostInterface): readonly Finding[] {
  const at = intf.origin;
  if (intf.address === undefined) return missing(vehicle, intf);
  const { address } = intf;
  const findings: Finding[] = [];
  const reserved = reservedName(address.ip, address);
  if (reserved !== undefined) {
    const says = `${formatIp(address.ip)} of ${intf.qualifiedName} is the ${reserved} address of its subnet`;
    findings.push(found({ code: ADDRESS_RESERVED, at, field: "address", says }));
  }
  const bridge = vehicle.bridges.find(({ name }) => name === intf.segment);
  const ranges = bridge?.ranges.filter((range) => range.subnet.ip.family === address.ip.family) ?? [];
  if (bridge !== undefined && ranges.length > 0 && !ranges.some((range) => containsIp(range.subnet, address.ip))) {
    const says = `${formatPrefix(address)} of ${intf.qualifiedName} lies in no subnet of ${bridge.name}, whose segment it is in (${place(bridge.origin)})`;
    findings.push(found({ code: ADDRESS_OUTSIDE, at, field: "address", says }));
  }
  return [...findings, ...gatewayFindings(vehicle, intf, address)];
}

/** The schema says the same; an address that could not be read has its finding already. */
function missing(vehicle: Vehicle, intf: HostInterface): readonly Finding[] {
  const carriedAsPort = vehicle.bridges.some((bridge) =>
    bridge.ports.some((port) => port.host === intf.host && port.interface === intf.name),
  );
  if (intf.type === "dhcp" || carriedAsPort || intf.addressUnreadable === true) return [];
  return [found({ code: ADDRESS_MISSING, at: intf.origin, field: "address", says: `${intf.qualifiedName} is static and has no address` })];
}

function gatewayFindings(vehicle: Vehicle, intf: HostInterface, address: Prefix): readonly Finding[] {
  const { gateway } = intf;
  if (gateway === undefined) return [];
  const at = intf.origin;
  const text = formatIp(gateway);
  if (sameIp(gateway, address.ip)) {
    return [
      found({ code: GATEWAY_UNREACHABLE, at, field: "gateway", says: `${text} is ${intf.qualifiedName}'s own address, not a gateway` }),
    ];
  }
  if (!containsIp(address, gateway)) {
    const own = subnetsOfHost(vehicle, intf.host).map(formatPrefix).join(", ");
    const says = `the gateway ${text} of ${intf.qualifiedName} is not on its subnet ${formatPrefix({ ip: firstOf(address), length: address.length })} (${intf.host} has ${own})`;
    return [found({ code: GATEWAY_UNREACHABLE, at, field: "gateway", says })];
  }
  const reserved = reservedName(gateway, address);
  if (reserved === undefined) return [];
  return [
    found({
      code: ADDRESS_RESERVED,
      at,
      field: "gateway",
      says: `the gateway ${text} of ${intf.qualifiedName} is the ${reserved} address`,
    }),
  ];
}

function subnetsOfHost(vehicle: Vehicle, name: string): readonly Prefix[] {
  const interfaces = [...vehicle.hosts, ...vehicle.cloud].filter((host) => host.name === name).flatMap((host) => host.interfaces);
  return interfaces.flatMap(({ address }) => (address === undefined ? [] : [{ ip: firstOf(address), length: address.length }]));
}

/** IPv4 subnets with more than two addresses reserve the first and last one (RFC 1122, RFC 3021), IPv6 subnets the first (RFC 4291). */
export function reservedName(ip: Ip, subnet: Prefix): "network" | "broadcast" | undefined {
  if (bitsOf(ip.family) - subnet.length < 2) return undefined;
  if (sameIp(ip, firstOf(subnet))) return "network";
  return ip.family === "ipv4" && sameIp(ip, lastOf(subnet)) ? "broadcast" : undefined;
}

interface Holder {
  readonly what: string;
  readonly ip: Ip;
  readonly at: Origin;
  readonly field: string;
  readonly isBridge: boolean;
}

function sharedAddresses(vehicle: Vehicle): readonly Finding[] {
  const first = new Map<string, Holder>();
  return holdersOf(vehicle).flatMap((holder) => {
    const text = formatIp(holder.ip);
    const earlier = first.get(text);
    if (earlier === undefined) first.set(text, holder);
    // Two bridges with one gateway address have overlapping subnets, which is a finding already.
    if (earlier === undefined || holder.isBridge) return [];
    const says = `${text} is taken twice: by ${holder.what} and by ${earlier.what} (${place(earlier.at)})`;
    return [found({ code: ADDRESS_TWICE, at: holder.at, field: holder.field, says })];
  });
}

/** Bridges before interfaces, so that the finding is on the interface that took the gateway's address. */
function holdersOf(vehicle: Vehicle): readonly Holder[] {
  const gateways = vehicle.bridges
    .filter((bridge) => bridge.isGateway)
    .flatMap((bridge) =>
      bridge.ranges.flatMap((range) =>
        range.blocks.map(
          ({ host, gateway }): Holder => ({
            what: `${bridge.name} on ${host}`,
            ip: gateway,
            at: range.origin,
            field: "gateway",
            isBridge: true,
          }),
        ),
      ),
    );
  const interfaces = [...vehicle.hosts, ...vehicle.cloud].flatMap((host) => host.interfaces);
  const own = interfaces.flatMap((intf): Holder[] =>
    intf.address === undefined
      ? []
      : [{ what: intf.qualifiedName, ip: intf.address.ip, at: intf.origin, field: "address", isBridge: false }],
  );
  return [...gateways, ...own];
}
