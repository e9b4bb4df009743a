import { containsIp, type Ip, sameIp } from "@pharos/hoststate";
import { type Hop, type Path, pathBetween } from "../topology/path.ts";
import type { Flow, HopRole } from "./flow.ts";
import type { Law } from "./law.ts";

/** A way between two of the addresses that ends have. */
export interface Way {
  readonly source: Ip;
  readonly destination: Ip;
  readonly path: Path;
  /** Service address that the sender asks for and the first host translates to `destination`. */
  readonly asked?: NonNullable<Flow["asked"]>;
}

/**
 * The way that the kernel would take among all addresses of both ends: the fewest hosts forward, and a sending host takes the
 * address of the link that it sends by. Undefined when no pair of addresses has a way.
 */
export function wayBetween(law: Law, sources: readonly Ip[], destinations: readonly Ip[]): Way | undefined {
  const senders = Map.groupBy(sources, (ip) => `${ip.family} ${hostOf(law, ip) ?? ip.value}`);
  let best: Way | undefined;
  for (const destination of destinations) {
    for (const addresses of senders.values()) {
      const [source] = addresses;
      if (source === undefined || source.family !== destination.family) continue;
      const path = pathBetween(law.topology, source, destination);
      if (path === undefined || (best !== undefined && best.path.hops.length <= path.hops.length)) continue;
      best = { source: sendingAddress(law, addresses, path) ?? source, destination, path };
    }
  }
  return best;
}

function hostOf(law: Law, ip: Ip): string | undefined {
  return law.topology.attachments.find((at) => sameIp(at.ip, ip))?.host;
}

/** Of a host's addresses the one on the link that it sends by; the way does not depend on it. */
function sendingAddress(law: Law, addresses: readonly Ip[], path: Path): Ip | undefined {
  const first = path.hops[0];
  if (first === undefined || first.in !== undefined) return undefined;
  const own = egressAddresses(law, first);
  return addresses.find((ip) => own.some((other) => sameIp(ip, other)));
}

/** The host's addresses on the link that the packet leaves by. */
function egressAddresses(law: Law, hop: Hop): readonly Ip[] {
  return law.topology.attachments.filter((at) => at.host === hop.host && at.link === hop.out).map((at) => at.ip);
}

/** What a host with an agent does with the packet; undefined for a host that has none. */
export function roleOf(law: Law, hop: Hop): HopRole | undefined {
  if (!law.vehicle.hosts.some((host) => host.name === hop.host && host.managed)) return undefined;
  const role = hop.in === undefined ? "output" : hop.out === undefined ? "input" : "forward";
  return { ...hop, role };
}

/** The source that the packet has behind `hop`: a forwarding host that masquerades the subnet gives it an address of its own. */
export function translatedSource(law: Law, hop: HopRole, source: Ip, destination: Ip): Ip {
  if (hop.role !== "forward") return source;
  const masquerades = law.zones.some(
    (zone) =>
      zone.kind === "bridge" &&
      zone.ipMasq &&
      zone.hosts.includes(hop.host) &&
      zone.prefixes.some((prefix) => containsIp(prefix, source)) &&
      !zone.prefixes.some((prefix) => containsIp(prefix, destination)),
  );
  if (!masquerades) return source;
  return egressAddresses(law, hop).find((ip) => ip.family === source.family) ?? source;
}
