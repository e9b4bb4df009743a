import { type Ip, sameIp } from "@pharos/hoststate";
import type { Host, Vehicle } from "../vehicle/model.ts";
import { type InterfaceZone, WORLD, type Zone } from "./zone.ts";

/** How a host sees the world: by one of its own uplinks, or (`via` undefined) by another host. */
export interface WorldSide {
  /** Zone name of the own uplink. */
  readonly via: string | undefined;
  /** Kernel name of the device that the uplink's packets come in by: the interface, or the bridge that it is a port of. */
  readonly device: string | undefined;
  /** The zones that world addresses are in on this side, most specific first. */
  readonly zones: readonly Zone[];
}

/**
 * World addresses lie beyond some uplink, and only the uplink's host can see which. There the device decides; on other hosts
 * it is each uplink that their gateways lead to, and the uplink's host has the last word because every hop has to accept.
 */
export function worldSides(vehicle: Vehicle, host: Host, zones: readonly Zone[]): readonly WorldSide[] {
  const uplinks = zones.filter((zone): zone is InterfaceZone => zone.kind === "interface" && zone.uplink);
  const own = uplinks.filter((zone) => zone.host === host.name);
  const remote = exitsBeyond(vehicle, host, new Set());
  const reachable = uplinks.filter((zone) => zone.host !== host.name && (remote === undefined || remote.has(zone.host)));
  const sides = own.map((zone) => ({ via: zone.name, device: deviceOf(vehicle, zone), zones: [zone, WORLD] }));
  return [...sides, { via: undefined, device: undefined, zones: [...reachable, WORLD] }];
}

/** The kernel name by which packets of an interface are seen in the firewall. */
function deviceOf(vehicle: Vehicle, zone: InterfaceZone): string {
  const isPort = (port: { readonly host: string; readonly interface: string }): boolean =>
    port.host === zone.host && port.interface === zone.interface;
  return vehicle.bridges.find((bridge) => bridge.ports.some(isPort))?.name ?? zone.interface;
}

/** Hosts with an uplink that the gateways of `host` lead to; undefined when no gateway leads to another host, so nothing is known. */
function exitsBeyond(vehicle: Vehicle, host: Host, visited: Set<string>): ReadonlySet<string> | undefined {
  visited.add(host.name);
  const exits = new Set<string>();
  const next = nextHosts(vehicle, host).filter((neighbour) => !visited.has(neighbour.name));
  for (const neighbour of next) {
    const beyond = neighbour.interfaces.some((intf) => intf.uplink) ? [neighbour.name] : exitsBeyond(vehicle, neighbour, visited);
    for (const name of beyond ?? []) exits.add(name);
  }
  return next.length === 0 ? undefined : exits;
}

function nextHosts(vehicle: Vehicle, host: Host): readonly Host[] {
  const gateways = host.interfaces.flatMap((intf) => (intf.gateway === undefined ? [] : [intf.gateway]));
  const owners = vehicle.hosts.filter((other) => other.name !== host.name && gateways.some((ip) => hasAddress(vehicle, other, ip)));
  if (owners.length > 0) return owners;
  return vehicle.hosts.filter((other) => other.name === host.parent);
}

function hasAddress(vehicle: Vehicle, host: Host, ip: Ip): boolean {
  if (host.interfaces.some((intf) => intf.address !== undefined && sameIp(intf.address.ip, ip))) return true;
  const blocks = vehicle.bridges.filter((bridge) => bridge.isGateway).flatMap((bridge) => bridge.ranges.flatMap((range) => range.blocks));
  return blocks.some((block) => block.host === host.name && sameIp(block.gateway, ip));
}
