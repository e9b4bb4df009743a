import type { DhcpMessage, OfferedRoute } from "./message.ts";
import { addressNumber } from "./octets.ts";
import { networkAddress } from "./route-options.ts";

/** How long a lease lasts. */
export interface LeaseTerm {
  /** Milliseconds of the caller's clock; when the request was sent that the server answered. */
  readonly startMs: number;
  readonly seconds: number;
  /** T1: from then on the server is asked to prolong it. */
  readonly renewSeconds: number;
  /** T2: from then on any server is. */
  readonly rebindSeconds: number;
}

/** Milliseconds of the clock of `startMs`; Infinity where the time never comes. */
interface LeaseTimes {
  readonly renewMs: number;
  readonly rebindMs: number;
  readonly endMs: number;
}

/** An address that a server lent. */
export interface Lease extends LeaseTerm {
  /** With the prefix length of its subnet: `10.4.0.5/24`. */
  readonly address: string;
  /** The server's identifier, which is its address. */
  readonly server: string;
  /** Hardware address that the answer came from: the server's, or that of the relay on the way to it. */
  readonly serverMac: string;
  /** The router of the subnet. */
  readonly gateway?: string;
  /** Further routes; their next hops can be reached from `address`. The default route stands here only where option 121 names one. */
  readonly routes: readonly OfferedRoute[];
  readonly nameservers: readonly string[];
  readonly domainName?: string;
  readonly domainSearch?: readonly string[];
}

/** The lease time that never ends (RFC 2131, section 3.3). */
const FOREVER_SECONDS = 0xffff_ffff;
const DEFAULT_ROUTE = "0.0.0.0/0";
/** RFC 2131, section 4.4.5. */
const RENEW_PART = 0.5;
const REBIND_PART = 0.875;

/** The lease that an ACK gives; undefined when it lacks what a lease must have, or gives what no host can use. */
export function leaseOf(ack: DhcpMessage, { startMs, serverMac }: { startMs: number; serverMac: string }): Lease | undefined {
  const { options, yiaddr } = ack;
  const { serverId, leaseSeconds = 0, nameservers = [], domainName, domainSearch } = options;
  const length = options.prefixLength ?? classLength(yiaddr);
  if (serverId === undefined || leaseSeconds === 0 || !isUsable(yiaddr, length)) return undefined;
  const inside = (address: string) => networkAddress(address, length) === networkAddress(yiaddr, length) && address !== yiaddr;
  // With option 121 the options 3 and 33 do not count (RFC 3442).
  const offered = options.classlessRoutes ?? options.staticRoutes ?? [];
  const routes = reachableRoutes(offered, inside);
  const router =
    options.classlessRoutes === undefined ? options.routers?.find(inside) : routes.find(({ dst }) => dst === DEFAULT_ROUTE)?.gw;
  const rebindSeconds = between(options.rebindSeconds, { least: 1, most: leaseSeconds, otherwise: leaseSeconds * REBIND_PART });
  return {
    address: `${yiaddr}/${length}`,
    server: serverId,
    serverMac,
    startMs,
    seconds: leaseSeconds,
    renewSeconds: between(options.renewSeconds, {
      least: 1,
      most: rebindSeconds,
      otherwise: Math.min(leaseSeconds * RENEW_PART, rebindSeconds),
    }),
    rebindSeconds,
    ...(router === undefined ? {} : { gateway: router }),
    routes,
    nameservers,
    ...(domainName === undefined ? {} : { domainName }),
    ...(domainSearch === undefined ? {} : { domainSearch }),
  };
}

/** When a lease is to be renewed, rebound, and ends. */
export function leaseTimes({ startMs, seconds, renewSeconds, rebindSeconds }: LeaseTerm): LeaseTimes {
  const at = (after: number) => (seconds === FOREVER_SECONDS ? Number.POSITIVE_INFINITY : startMs + after * 1000);
  return { renewMs: at(renewSeconds), rebindMs: at(rebindSeconds), endMs: at(seconds) };
}

function between(value: number | undefined, { least, most, otherwise }: { least: number; most: number; otherwise: number }): number {
  return value === undefined || value < least || value > most ? Math.floor(otherwise * 1000) / 1000 : value;
}

/** An address that a host can have: none of this network, loopback, multicast or reserved ones, nor the first or last of a subnet. */
function isUsable(address: string, length: number): boolean {
  const number = addressNumber(address);
  const first = number >>> 24;
  if (first === 0 || first === 127 || first >= 224 || length < 1) return false;
  if (length > 30) return true;
  const host = number & (2 ** (32 - length) - 1);
  return host !== 0 && host !== 2 ** (32 - length) - 1;
}

function classLength(address: string): number {
  const first = addressNumber(address) >>> 24;
  return first < 128 ? 8 : first < 192 ? 16 : 24;
}

/**
 * The routes that the kernel takes, those on the link first: a next hop lies in the subnet or behind a route on the link. Destinations
 * that are no unicast are left out, and of equal destinations all but the first.
 */
function reachableRoutes(offered: readonly OfferedRoute[], inside: (address: string) => boolean): readonly OfferedRoute[] {
  const byDestination = new Map<string, OfferedRoute>();
  for (const route of offered) if (isUnicast(route) && !byDestination.has(route.dst)) byDestination.set(route.dst, route);
  const routes = [...byDestination.values()];
  const onLink = routes.filter(({ gw }) => gw === undefined);
  const reached = ({ gw }: OfferedRoute) => gw !== undefined && (inside(gw) || onLink.some(({ dst }) => isWithin(gw, dst)));
  return [...onLink, ...routes.filter(reached)];
}

function isUnicast({ dst }: OfferedRoute): boolean {
  return addressNumber(dst.split("/")[0] ?? "") >>> 28 < 14;
}

function isWithin(address: string, prefix: string): boolean {
  const [network = "", length = "32"] = prefix.split("/");
  return networkAddress(address, Number(length)) === network;
}
