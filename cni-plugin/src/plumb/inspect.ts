import type { Attachment } from "@pharos/attach";
import { decodeAddress, decodeRoute, encodeAddressDump, encodeRouteDump, type LinkRecord, type RouteFields } from "@pharos/kernel/netlink";
import type { NetlinkSocket } from "../linux/netlink-socket.ts";
import { findLink } from "./links.ts";
import { podRoutes, type Sides } from "./pod-interface.ts";

/** What is not as `attachment` says, in words; empty when all is in place. Both links, addresses and routes are compared. */
export function differencesFrom(attachment: Attachment, sides: Sides): readonly string[] {
  return [...hostDifferences(attachment, sides.host), ...podDifferences(attachment, sides.pod)];
}

function hostDifferences({ hostName, bridge, alias }: Attachment, socket: NetlinkSocket): readonly string[] {
  const link = findLink(socket, hostName);
  const master = findLink(socket, bridge.name);
  if (link === undefined) return [`${hostName} is missing on the host`];
  const found: string[] = [];
  if (!link.up) found.push(`${hostName} is down`);
  if (link.alias !== alias) found.push(`${hostName} has not our mark`);
  if (master === undefined) found.push(`bridge ${bridge.name} is missing`);
  else if (link.master !== master.index) found.push(`${hostName} is not a port of ${bridge.name}`);
  return found;
}

function podDifferences(attachment: Attachment, socket: NetlinkSocket): readonly string[] {
  const { ifname } = attachment.key;
  const link = findLink(socket, ifname);
  if (link === undefined) return [`${ifname} is missing in the pod`];
  const found = linkDifferences(link, attachment);
  const present = new Set(addressesOf(socket, link.index));
  for (const { address } of attachment.addresses) if (!present.has(address)) found.push(`${ifname} has not the address ${address}`);
  const routes = [...socketRoutes(socket, "ipv4"), ...socketRoutes(socket, "ipv6")];
  for (const wanted of podRoutes(attachment, link.index))
    if (!routes.some((route) => sameRoute(route, wanted))) found.push(`the route to ${wanted.destination} is missing in the pod`);
  return found;
}

function linkDifferences(link: LinkRecord, { key, mac }: Attachment): string[] {
  const found: string[] = [];
  if (!link.up) found.push(`${key.ifname} is down in the pod`);
  if (link.mac !== mac) found.push(`${key.ifname} has the hardware address ${link.mac ?? "none"} instead of ${mac}`);
  return found;
}

function addressesOf(socket: NetlinkSocket, index: number): readonly string[] {
  const records = socket.dump({ what: "list the pod's addresses", bytes: encodeAddressDump() }).map(decodeAddress);
  return records.flatMap((record) => (record?.index === index ? [record.address] : []));
}

function socketRoutes(socket: NetlinkSocket, family: "ipv4" | "ipv6"): readonly Comparable[] {
  const records = socket.dump({ what: "list the pod's routes", bytes: encodeRouteDump(family) }).map(decodeRoute);
  return records.flatMap((record) => (record === undefined ? [] : [record]));
}

type Comparable = Partial<Pick<RouteFields, "gateway" | "index">> & Pick<RouteFields, "destination" | "table">;

function sameRoute(a: Comparable, b: Comparable): boolean {
  return a.destination === b.destination && a.table === b.table && a.gateway === b.gateway && a.index === b.index;
}
