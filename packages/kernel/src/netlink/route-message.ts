import { type Family, parsePrefix } from "@pharos/hoststate";
import { NLM_F, RT_SCOPE, RTA, RTAX_MTU, RTM, RTM_F_CLONED, RTN } from "./constants.ts";
import { familyNumber, familyOf, ipBytes, ipText, prefixBytes } from "./ip-bytes.ts";
import { attribute, attributesOf, message, type NetlinkMessage, nested, nestedOf, u32, u32Of } from "./message.ts";

/** Fields of a route in a request. */
export interface RouteFields {
  /** Network prefix with both families' default as `0.0.0.0/0` and `::/0`. */
  readonly destination: string;
  readonly table: number;
  readonly metric: number;
  readonly type: "unicast" | "blackhole" | "unreachable";
  readonly gateway?: string;
  /** Index of the outgoing link. */
  readonly index?: number;
  readonly scope?: "global" | "link";
  readonly source?: string;
  /** Bytes. */
  readonly mtu?: number;
  /** RTPROT number; 3 is `boot`, 80 is ours. */
  readonly protocol: number;
}

/** A route of the kernel. `type` is undefined for local, broadcast, multicast and other kinds that we never write. */
export interface RouteRecord extends Omit<RouteFields, "type" | "scope"> {
  readonly family: Family;
  readonly type: RouteFields["type"] | undefined;
  readonly scope: "global" | "link" | "other";
  /** A cached entry that the kernel made by itself. */
  readonly cloned: boolean;
}

const TYPES = { unicast: RTN.UNICAST, blackhole: RTN.BLACKHOLE, unreachable: RTN.UNREACHABLE } as const;

function scopeNumber(route: RouteFields, family: Family): number {
  if (family === "ipv6" || route.type !== "unicast") return RT_SCOPE.UNIVERSE;
  if (route.scope !== undefined) return route.scope === "link" ? RT_SCOPE.LINK : RT_SCOPE.UNIVERSE;
  return route.gateway === undefined ? RT_SCOPE.LINK : RT_SCOPE.UNIVERSE;
}

function body(route: RouteFields, scope?: number): Uint8Array[] {
  const { bytes, length } = prefixBytes(route.destination);
  const family = parsePrefix(route.destination)?.ip.family ?? "ipv4";
  const header = Buffer.alloc(12);
  header.writeUInt8(familyNumber(family), 0);
  header.writeUInt8(length, 1);
  header.writeUInt8(route.table < 256 ? route.table : 0, 4);
  header.writeUInt8(route.protocol, 5);
  header.writeUInt8(scope ?? scopeNumber(route, family), 6);
  header.writeUInt8(TYPES[route.type], 7);
  const attributes = [u32(RTA.TABLE, route.table)];
  if (length > 0) attributes.push(attribute(RTA.DST, bytes));
  if (route.metric > 0) attributes.push(u32(RTA.PRIORITY, route.metric));
  if (route.gateway !== undefined) attributes.push(attribute(RTA.GATEWAY, ipBytes(route.gateway)));
  if (route.index !== undefined) attributes.push(u32(RTA.OIF, route.index));
  if (route.source !== undefined) attributes.push(attribute(RTA.PREFSRC, ipBytes(route.source)));
  if (route.mtu !== undefined) attributes.push(nested(RTA.METRICS, [u32(RTAX_MTU, route.mtu)]));
  return [header, ...attributes];
}

/** RTM_NEWROUTE that adds; EEXIST when destination, table and metric are taken. */
export function encodeRouteAdd(route: RouteFields): Uint8Array {
  return message(RTM.NEWROUTE, NLM_F.REQUEST | NLM_F.CREATE | NLM_F.EXCL, body(route));
}

/** RTM_NEWROUTE that adds, or takes the place of the route with the same destination, table and metric. */
export function encodeRouteReplace(route: RouteFields): Uint8Array {
  return message(RTM.NEWROUTE, NLM_F.REQUEST | NLM_F.CREATE | NLM_F.REPLACE, body(route));
}

/** RTM_DELROUTE; ESRCH when there is none that agrees in all given fields. The scope is not compared. */
export function encodeRouteDelete(route: RouteFields): Uint8Array {
  return message(RTM.DELROUTE, NLM_F.REQUEST, body(route, RT_SCOPE.NOWHERE));
}

/** RTM_GETROUTE of one family, all tables. */
export function encodeRouteDump(family: Family): Uint8Array {
  const header = Buffer.alloc(12);
  header.writeUInt8(familyNumber(family), 0);
  return message(RTM.GETROUTE, NLM_F.REQUEST | NLM_F.DUMP, [header]);
}

function typeOf(number: number): RouteFields["type"] | undefined {
  if (number === RTN.UNICAST) return "unicast";
  return number === RTN.BLACKHOLE ? "blackhole" : number === RTN.UNREACHABLE ? "unreachable" : undefined;
}

/** Decodes RTM_NEWROUTE or RTM_DELROUTE of IPv4 and IPv6; undefined for any other message. */
export function decodeRoute({ type, body: bytes }: NetlinkMessage): RouteRecord | undefined {
  const family = type === RTM.NEWROUTE || type === RTM.DELROUTE ? familyOf(bytes.readUInt8(0)) : undefined;
  if (family === undefined) return undefined;
  const attributes = attributesOf(bytes, 12);
  const destination = attributes.get(RTA.DST) ?? Buffer.alloc(family === "ipv4" ? 4 : 16);
  const gateway = attributes.get(RTA.GATEWAY);
  const source = attributes.get(RTA.PREFSRC);
  const index = u32Of(attributes, RTA.OIF);
  const mtu = u32Of(nestedOf(attributes, RTA.METRICS), RTAX_MTU);
  const scope = bytes.readUInt8(6);
  return {
    family,
    destination: `${ipText(destination)}/${bytes.readUInt8(1)}`,
    table: u32Of(attributes, RTA.TABLE) ?? bytes.readUInt8(4),
    protocol: bytes.readUInt8(5),
    scope: scope === RT_SCOPE.UNIVERSE ? "global" : scope === RT_SCOPE.LINK ? "link" : "other",
    type: typeOf(bytes.readUInt8(7)),
    metric: u32Of(attributes, RTA.PRIORITY) ?? 0,
    cloned: (bytes.readUInt32LE(8) & RTM_F_CLONED) !== 0,
    ...(gateway === undefined ? {} : { gateway: ipText(gateway) }),
    ...(source === undefined ? {} : { source: ipText(source) }),
    ...(index === undefined ? {} : { index }),
    ...(mtu === undefined ? {} : { mtu }),
  };
}
