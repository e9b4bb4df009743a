import type { ForwardRule } from "../features/forwarding/rule.ts";
import { forwardersOf } from "../topology/path.ts";
import { isManaged, zonesOfAddress } from "../zones/membership.ts";
import { representatives } from "../zones/representatives.ts";
import type { Zone } from "../zones/zone.ts";
import { type ExplainInput, type Law, lawOf } from "./law.ts";
import { type Way, wayBetween } from "./way.ts";

/** A pair of zones that Pharos is answerable for. */
export interface ManagedPair {
  readonly from: string;
  readonly to: string;
  /** Hosts that forward between them, in the order of the way; empty when only the ends themselves filter. */
  readonly forwarders: readonly string[];
  /** True when a RoutingConfig names the pair. */
  readonly named: boolean;
  /** Rules that reach flows between them, first match first. */
  readonly rules: readonly Pick<ForwardRule, "action" | "text" | "origin">[];
  /** What happens to a flow that no rule matches. */
  readonly byDefault: "ACCEPT" | "DROP";
}

/**
 * All managed pairs: different zones, one of them managed, that some host forwards between, or that a document names. Bridges, hosts,
 * cloud VMs and the world are ends; an interface only where a document names it. Every other pair is ungoverned.
 */
export function matrix(input: ExplainInput): readonly ManagedPair[] {
  const law = lawOf(input);
  const named = new Set(law.rules.pairs.flatMap((pair) => [pair.source, pair.destination]));
  const ends = law.zones
    .filter((zone) => zone.kind !== "interface" || named.has(zone))
    .map((zone) => ({ zone, addresses: representatives(law.vehicle, law.zones, zone) }));
  const context = { law, rules: Map.groupBy(law.rules.rules, keyOf), named: new Set(law.rules.pairs.map(keyOf)) };
  return ends.flatMap((from) => ends.flatMap((to) => (belongTogether(from.zone, to.zone) ? [] : (managedPair(context, from, to) ?? []))));
}

type MatrixEnd = { readonly zone: Zone; readonly addresses: ReturnType<typeof representatives> };

/** A zone with itself, and an interface with its own host. */
function belongTogether(a: Zone, b: Zone): boolean {
  const machine = (zone: Zone): string => (zone.kind === "interface" ? zone.host : zone.kind === "host" ? zone.name : zone.id);
  return a === b || machine(a) === machine(b);
}

interface MatrixContext {
  readonly law: Law;
  readonly rules: ReadonlyMap<string, readonly ForwardRule[]>;
  readonly named: ReadonlySet<string>;
}

function managedPair(context: MatrixContext, from: MatrixEnd, to: MatrixEnd): ManagedPair | undefined {
  const { law } = context;
  const named = context.named.has(keyOf({ source: from.zone, destination: to.zone }));
  const way = wayBetween(law, from.addresses, to.addresses);
  const forwarders = way === undefined ? [] : forwardersOf(way.path).map((hop) => hop.host);
  const managed = isManagedZone(law, from) || isManagedZone(law, to);
  if (!named && !(managed && forwarders.length > 0)) return undefined;
  const rules = rulesBetween(context, from.zone, to.zone, way);
  const byDefault = managed && law.vehicle.defaultAction === "DROP" ? "DROP" : "ACCEPT";
  return { from: from.zone.name, to: to.zone.name, forwarders, named, rules, byDefault };
}

function isManagedZone(law: Law, end: MatrixEnd): boolean {
  return end.zone.kind === "bridge" || end.addresses.some((ip) => isManaged(zonesOfAddress(law.zones, ip)));
}

function rulesBetween(context: MatrixContext, from: Zone, to: Zone, way: Way | undefined): ManagedPair["rules"] {
  const sources = way === undefined ? [from] : zonesOfAddress(context.law.zones, way.source);
  const destinations = way === undefined ? [to] : zonesOfAddress(context.law.zones, way.destination);
  const rules = sources.flatMap((source) => destinations.flatMap((destination) => context.rules.get(keyOf({ source, destination })) ?? []));
  return rules.sort((a, b) => a.order - b.order).map(({ action, text, origin }) => ({ action, text, origin }));
}

function keyOf(pair: { readonly source: Zone; readonly destination: Zone }): string {
  return `${pair.source.id} ${pair.destination.id}`;
}
