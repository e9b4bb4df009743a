import { containsIp, containsPrefix, type Family, formatPrefix, type Ip, type Prefix } from "@pharos/hoststate";
import { compareText } from "../vehicle/names.ts";
import type { Attachment, Attachments, Destination } from "./attachments.ts";

/** How a host reaches a prefix: on one of its own wires, or through a neighbour. */
export interface NextHop {
  readonly destination: Prefix;
  /** Kernel name of the outgoing interface or bridge. */
  readonly link: string;
  /** The neighbour and its address on the shared wire; absent when the prefix is on the wire. */
  readonly via?: { readonly host: string; readonly ip: Ip };
  /** True when the kernel makes this route by itself from the link's address. */
  readonly connected: boolean;
}

/**
 * One entry for each prefix of the vehicle that `host` can reach, sorted by prefix. The way is the one through the fewest hosts;
 * among equal ones that with the smallest set of hosts in between, which is the same set on the way back: both directions of a
 * flow cross the same hosts, as their connection tracking needs it.
 */
export function nextHops(topology: Attachments, host: string): readonly NextHop[] {
  const ways = { ipv4: waysFrom(topology, host, "ipv4"), ipv6: waysFrom(topology, host, "ipv6") };
  const own = topology.attachments.filter((attachment) => attachment.host === host);
  const hops = topology.destinations.flatMap((to) => onWire(own, to) ?? through(ways[to.prefix.ip.family], topology, to) ?? []);
  const distinct = new Map<string, NextHop>();
  for (const hop of hops) {
    const key = formatPrefix(hop.destination);
    const known = distinct.get(key);
    if (known === undefined || (known.via !== undefined && hop.via === undefined)) distinct.set(key, hop);
  }
  return [...distinct].sort(([a], [b]) => compareText(a, b)).map(([, hop]) => hop);
}

function onWire(own: readonly Attachment[], to: Destination): NextHop | undefined {
  const near = own.filter((attachment) => attachment.wire === to.wire && attachment.ip.family === to.prefix.ip.family);
  const within = near.find((attachment) => containsPrefix(attachment.subnet, to.prefix));
  const link = (within ?? near[0])?.link;
  return link === undefined ? undefined : { destination: to.prefix, link, connected: within !== undefined };
}

interface Way {
  /** Hosts gone through, this one included, as a number that orders ways: their count first, then which they are. */
  readonly cost: bigint;
  /** Where the way leaves the first host. */
  readonly first: { readonly link: string; readonly host: string; readonly ip: Ip };
}

function through(ways: ReadonlyMap<string, Way>, topology: Attachments, to: Destination): NextHop | undefined {
  let best: Way | undefined;
  for (const { host, wire, ip } of topology.attachments) {
    const way = ways.get(host);
    if (wire !== to.wire || ip.family !== to.prefix.ip.family || way === undefined) continue;
    if (best === undefined || way.cost < best.cost) best = way;
  }
  if (best === undefined) return undefined;
  const { link, host, ip } = best.first;
  return { destination: to.prefix, link, via: { host, ip }, connected: false };
}

/** Cheapest ways to every managed host as one to go through (Dijkstra over hosts). */
function waysFrom(topology: Attachments, from: string, family: Family): ReadonlyMap<string, Way> {
  const managed = topology.vehicle.hosts.filter((host) => host.managed).map((host) => host.name);
  const weights = new Map(
    [...managed].sort(compareText).map((name, rank) => [name, (1n << BigInt(managed.length)) + (1n << BigInt(rank))]),
  );
  const edges = Map.groupBy(edgesOf(topology, family), (edge) => edge.from);
  const done = new Map<string, Way>();
  const open = new Map<string, Way>();
  const extend = (host: string, before: Way | undefined): void => {
    for (const edge of edges.get(host) ?? []) {
      const weight = weights.get(edge.to);
      if (weight === undefined || edge.to === from || done.has(edge.to)) continue;
      const cost = (before?.cost ?? 0n) + weight;
      const known = open.get(edge.to);
      if (known === undefined || cost < known.cost) {
        open.set(edge.to, { cost, first: before?.first ?? { link: edge.link, host: edge.to, ip: edge.ip } });
      }
    }
  };
  extend(from, undefined);
  for (let next = cheapest(open); next !== undefined; next = cheapest(open)) {
    const [host, way] = next;
    open.delete(host);
    done.set(host, way);
    extend(host, way);
  }
  return done;
}

function cheapest(open: ReadonlyMap<string, Way>): readonly [string, Way] | undefined {
  let best: readonly [string, Way] | undefined;
  for (const entry of open) if (best === undefined || entry[1].cost < best[1].cost) best = entry;
  return best;
}

interface Edge {
  readonly from: string;
  readonly link: string;
  readonly to: string;
  readonly ip: Ip;
}

/** Pairs of hosts that share a wire and a subnet on it, in the order of the wires' names. */
function edgesOf(topology: Attachments, family: Family): readonly Edge[] {
  const own = topology.attachments.filter((attachment) => attachment.ip.family === family);
  const wires = [...Map.groupBy(own, (attachment) => attachment.wire)].sort(([a], [b]) => compareText(a, b));
  return wires.flatMap(([, members]) =>
    members.flatMap((a) =>
      members
        .filter((b) => b.host !== a.host && containsIp(a.subnet, b.ip))
        .map((b) => ({ from: a.host, link: a.link, to: b.host, ip: b.ip })),
    ),
  );
}
