import { addressAt, compareIp, firstOf, formatIp, type Ip, lastOf, type Prefix, parseIp } from "@pharos/hoststate";
import type { Vehicle } from "../vehicle/model.ts";
import { zonesOfAddress } from "./membership.ts";
import type { Zone } from "./zone.ts";

/** Addresses that stand for a zone: all of a host's; for a bridge one in each host's block that no host has. */
export function representatives(vehicle: Vehicle, zones: readonly Zone[], zone: Zone): readonly Ip[] {
  if (zone.kind === "host") return inInterfaceOrder(vehicle, zone.name, zone.addresses);
  if (zone.kind === "interface") return zone.addresses;
  if (zone.kind === "world")
    return WORLD_EXAMPLES.flatMap((text) => parseIp(text) ?? [])
      .filter((ip) => isIn(zones, ip, zone))
      .slice(0, 2);
  const placed = vehicle.bridges.filter((bridge) => bridge.name === zone.name).flatMap((bridge) => bridge.ranges);
  const blocks = placed.flatMap((range) => range.blocks.map(({ block }) => block));
  return (blocks.length > 0 ? blocks : zone.prefixes).flatMap((block) => freeAddress(zones, block, zone) ?? []);
}

/** Documentation addresses (RFC 5737, RFC 3849), which no vehicle has; the first one of each family that is the world's. */
const WORLD_EXAMPLES = ["198.51.100.77", "2001:db8::77", "203.0.113.77", "192.0.2.77"];

/** An address in the middle of the block: the ends are gateways and reserved addresses more often. */
function freeAddress(zones: readonly Zone[], block: Prefix, zone: Zone): Ip | undefined {
  const middle = (lastOf(block).value - firstOf(block).value) / 2n;
  const candidates = Array.from({ length: 64 }, (_, index) => addressAt(firstOf(block), middle + BigInt(index)));
  return candidates.find((ip) => compareIp(ip, lastOf(block)) < 0 && isIn(zones, ip, zone));
}

function isIn(zones: readonly Zone[], ip: Ip, zone: Zone): boolean {
  return zonesOfAddress(zones, ip).includes(zone);
}

function inInterfaceOrder(vehicle: Vehicle, host: string, addresses: readonly Ip[]): readonly Ip[] {
  const machines = [...vehicle.hosts, ...vehicle.cloud].filter((machine) => machine.name === host);
  const own = machines.flatMap((machine) =>
    machine.interfaces.flatMap((intf) => (intf.address === undefined ? [] : [formatIp(intf.address.ip)])),
  );
  const rank = (ip: Ip): number => {
    const index = own.indexOf(formatIp(ip));
    return index < 0 ? own.length : index;
  };
  return [...addresses].sort((a, b) => rank(a) - rank(b));
}
