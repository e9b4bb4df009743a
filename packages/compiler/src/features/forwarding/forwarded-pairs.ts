import { containsIp, firstOf, type Ip, sameIp } from "@pharos/hoststate";
import { type NextHop, nextHops } from "../../topology/next-hops.ts";
import { topologyOf } from "../../topology/topology.ts";
import type { Host, Vehicle } from "../../vehicle/model.ts";
import type { AddressClass, Partition } from "../../zones/partition.ts";
import type { End } from "./ends.ts";

/** Whether a host may come to forward flows between two ends. */
export type Forwards = (source: End, destination: End) => boolean;

/**
 * True unless both ends lie behind one link of the host and nobody uses the host as a gateway there: shortest ways never lead in
 * and out by the same link. Where an end is the world or cannot be located the answer is true. A wrong `true` costs a chain that
 * no packet enters; a wrong `false` would drop what a rule accepts.
 */
export function forwardedPairs(vehicle: Vehicle, host: Host, partition: Partition): Forwards {
  const topology = topologyOf(vehicle);
  const table = nextHops(topology, host.name);
  const gatewayLinks = new Set(
    topology.attachments
      .filter((at) => at.host === host.name && (isBridge(vehicle, at.link) || isGatewayOfSomebody(vehicle, at.ip)))
      .map((at) => at.link),
  );
  const addresses = addressesOfClasses(vehicle, partition);
  const only = onlyLink(vehicle, host);
  const links = new Map<AddressClass, string | undefined>();
  const linkOf = (of: AddressClass): string | undefined => {
    if (only !== undefined) return only;
    if (!links.has(of)) links.set(of, of.world ? undefined : commonLink(table, addresses.get(of) ?? []));
    return links.get(of);
  };
  return (source, destination) => {
    const link = linkOf(source.class);
    return link === undefined || link !== linkOf(destination.class) || gatewayLinks.has(link);
  };
}

/** The link of a host that has just one, and so never forwards unless it is somebody's gateway there. */
function onlyLink(vehicle: Vehicle, host: Host): string | undefined {
  const carries = vehicle.bridges.some((bridge) => bridge.hosts.includes(host.name));
  return carries || host.interfaces.length !== 1 ? undefined : host.interfaces[0]?.name;
}

function isBridge(vehicle: Vehicle, link: string): boolean {
  return vehicle.bridges.some((bridge) => bridge.name === link);
}

function isGatewayOfSomebody(vehicle: Vehicle, ip: Ip): boolean {
  const declared = [...vehicle.hosts, ...vehicle.cloud].flatMap((host) => host.interfaces.map((intf) => intf.gateway));
  const routed = vehicle.bridges.flatMap((bridge) => [
    ...bridge.routes.map((route) => route.gw),
    ...bridge.ranges.map((range) => range.gateway),
  ]);
  return [...declared, ...routed].some((gateway) => gateway !== undefined && sameIp(gateway, ip));
}

/** One address of each range of a class, and of each host's block of a bridge. */
function addressesOfClasses(vehicle: Vehicle, partition: Partition): ReadonlyMap<AddressClass, readonly Ip[]> {
  const found = new Map<AddressClass, Ip[]>();
  for (const atom of [...partition.ipv4, ...partition.ipv6]) {
    const known = found.get(atom.class);
    if (known === undefined) found.set(atom.class, [atom.first]);
    else known.push(atom.first);
  }
  for (const bridge of vehicle.bridges) {
    const blocks = bridge.ranges.flatMap((range) => range.blocks.map(({ block }) => firstOf(block)));
    for (const [of, known] of found) {
      if (of.zones.some((zone) => zone.kind === "bridge" && zone.name === bridge.name)) known.push(...blocks);
    }
  }
  return found;
}

/** The link that the host's routes give to all addresses; undefined when they differ or one has no route. */
function commonLink(table: readonly NextHop[], addresses: readonly Ip[]): string | undefined {
  const links = new Set(addresses.map((ip) => linkTo(table, ip)));
  return links.size === 1 ? [...links][0] : undefined;
}

function linkTo(table: readonly NextHop[], ip: Ip): string | undefined {
  let best: NextHop | undefined;
  for (const hop of table) {
    if (containsIp(hop.destination, ip) && (best === undefined || hop.destination.length > best.destination.length)) best = hop;
  }
  return best?.link;
}
