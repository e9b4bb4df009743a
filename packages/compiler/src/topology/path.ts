import { containsIp, type Ip, sameIp } from "@pharos/hoststate";
import type { Host } from "../vehicle/model.ts";
import { bridgeOfPort, type Destination } from "./attachments.ts";
import type { NextHop } from "./next-hops.ts";
import type { Topology } from "./topology.ts";

/** A host that a packet touches. */
export interface Hop {
  readonly host: string;
  /** Interface or bridge that it comes in by; absent on the host that sends it. */
  readonly in?: string;
  /** Interface or bridge that it goes out by; absent on the host that it is for. */
  readonly out?: string;
}

/** The way of a packet from one address to another. */
export interface Path {
  /** In order. A host with `in` and `out` forwards the packet; none does so when both ends are on one wire. */
  readonly hops: readonly Hop[];
  /** True when the last hop sends it out of the vehicle. */
  readonly leaves: boolean;
}

/** The hosts of a path that forward the packet. */
export function forwardersOf(path: Path): readonly Required<Hop>[] {
  return path.hops.flatMap((hop) => (hop.in === undefined || hop.out === undefined ? [] : [{ host: hop.host, in: hop.in, out: hop.out }]));
}

/**
 * The way that routes of ours and declared gateways give to a packet; undefined when there is none. An address that nothing in
 * the vehicle has lies in the world: packets from there come in by the uplink nearest to `to`.
 */
export function pathBetween(topology: Topology, from: Ip, to: Ip): Path | undefined {
  const start = firstHop(topology, from, to);
  if (start === undefined) return undefined;
  if (start === "on wire") return { hops: lastHop(topology, to), leaves: false };
  const hops: Hop[] = [];
  let current: Hop = start;
  for (let left = topology.vehicle.hosts.length + 2; left > 0; left--) {
    if (owns(topology, current.host, to)) return { hops: [...hops, current], leaves: false };
    const next = lookUp(topology, current.host, to);
    if (next === undefined) return undefined;
    hops.push({ ...current, out: next.link });
    if (next.kind === "leaves") return { hops, leaves: true };
    if (next.kind === "on wire") return { hops: [...hops, ...lastHop(topology, to)], leaves: false };
    current = { host: next.host, ...linkTowards(topology, next.host, next.ip) };
  }
  return undefined;
}

/** Where a packet meets the first host: at its sender, at the gateway of a pod, or at an uplink. */
function firstHop(topology: Topology, from: Ip, to: Ip): Hop | "on wire" | undefined {
  const sender = ownerOf(topology, from);
  if (sender !== undefined) return { host: sender };
  const origin = destinationOf(topology, from);
  if (origin === undefined) return uplinkTowards(topology, to);
  if (wireOf(topology, to) === origin.wire) return "on wire";
  const gateways = topology.attachments.filter((at) => at.wire === origin.wire && containsIp(at.subnet, from));
  const managed = gateways.filter((at) => topology.vehicle.hosts.some((host) => host.managed && host.name === at.host));
  const own = managed.find((at) => at.host === origin.carrier?.host) ?? nearest(topology, managed, to);
  return own === undefined ? undefined : { host: own.host, in: own.link };
}

function uplinkTowards(topology: Topology, to: Ip): Hop | undefined {
  const uplinks = topology.vehicle.hosts.filter((host) => host.managed).flatMap((host) => host.interfaces.filter((intf) => intf.uplink));
  const best = nearest(topology, uplinks, to);
  if (best === undefined) return undefined;
  return { host: best.host, in: bridgeOfPort(topology.vehicle, best.host, best.name)?.name ?? best.name };
}

/** Of some places that of the host with `to` on it or on its wires, else the first one with a way to it. */
function nearest<P extends { readonly host: string }>(topology: Topology, places: readonly P[], to: Ip): P | undefined {
  const rank = ({ host }: P): number => {
    if (owns(topology, host, to)) return 0;
    const next = lookUp(topology, host, to);
    if (next === undefined || next.kind === "leaves") return 3;
    return next.kind === "on wire" ? 1 : 2;
  };
  return places
    .map((place) => ({ place, rank: rank(place) }))
    .filter((entry) => entry.rank < 3)
    .reduce<{ place: P; rank: number } | undefined>(
      (best, entry) => (best === undefined || entry.rank < best.rank ? entry : best),
      undefined,
    )?.place;
}

type Lookup =
  | { readonly kind: "on wire"; readonly link: string }
  | { readonly kind: "next"; readonly link: string; readonly host: string; readonly ip: Ip }
  | { readonly kind: "leaves"; readonly link: string };

/** What the host's routing table says: longest prefix first, then the declared gateway. */
function lookUp(topology: Topology, host: string, to: Ip): Lookup | undefined {
  let best: NextHop | undefined;
  for (const hop of topology.nextHopsOf(host)) {
    if (containsIp(hop.destination, to) && (best === undefined || hop.destination.length > best.destination.length)) best = hop;
  }
  if (best !== undefined)
    return best.via === undefined ? { kind: "on wire", link: best.link } : { kind: "next", link: best.link, ...best.via };
  const machine = machines(topology).find((other) => other.name === host);
  const intf = machine?.interfaces.find((own) => own.gateway?.family === to.family);
  if (intf?.gateway === undefined) return undefined;
  const owner = ownerOf(topology, intf.gateway);
  const link = bridgeOfPort(topology.vehicle, host, intf.name)?.name ?? intf.name;
  return owner === undefined || owner === host ? { kind: "leaves", link } : { kind: "next", link, host: owner, ip: intf.gateway };
}

/** The host that has `to`, entered by the link that has it; pods and unknown machines give none. */
function lastHop(topology: Topology, to: Ip): readonly Hop[] {
  const host = ownerOf(topology, to);
  return host === undefined ? [] : [{ host, ...linkTowards(topology, host, to) }];
}

function linkTowards(topology: Topology, host: string, ip: Ip): { readonly in?: string } {
  const link = topology.attachments.find((at) => at.host === host && sameIp(at.ip, ip))?.link;
  return link === undefined ? {} : { in: link };
}

function ownerOf(topology: Topology, ip: Ip): string | undefined {
  return topology.attachments.find((at) => sameIp(at.ip, ip))?.host;
}

function owns(topology: Topology, host: string, ip: Ip): boolean {
  return topology.attachments.some((at) => at.host === host && sameIp(at.ip, ip));
}

function wireOf(topology: Topology, ip: Ip): string | undefined {
  return topology.attachments.find((at) => sameIp(at.ip, ip))?.wire ?? destinationOf(topology, ip)?.wire;
}

function destinationOf(topology: Topology, ip: Ip): Destination | undefined {
  return topology.destinations
    .filter((to) => containsIp(to.prefix, ip))
    .reduce<Destination | undefined>((best, to) => (best === undefined || to.prefix.length > best.prefix.length ? to : best), undefined);
}

function machines(topology: Topology): readonly Host[] {
  return [...topology.vehicle.hosts, ...topology.vehicle.cloud];
}
