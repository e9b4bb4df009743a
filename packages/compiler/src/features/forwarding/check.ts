import type { Finding } from "@pharos/base";
import type { DocumentSet } from "../../documents.ts";
import { forwardersOf, pathBetween } from "../../topology/path.ts";
import { type Topology, topologyOf } from "../../topology/topology.ts";
import type { Vehicle } from "../../vehicle/model.ts";
import { isManaged } from "../../zones/membership.ts";
import { representatives } from "../../zones/representatives.ts";
import { type Zone, zonesOfVehicle } from "../../zones/zone.ts";
import { RULE_ENFORCED_BY_NOBODY, RULE_INSIDE_BRIDGE, ZONE_WITHOUT_ADDRESS } from "./codes.ts";
import { findingAt } from "./finding-at.ts";
import { readForwardRules } from "./read-rules.ts";
import type { NamedPair } from "./rule.ts";
import { shadowedRules } from "./shadowed.ts";

/**
 * All findings about RoutingConfigs, without a host: names, rules that cannot be enforced, rules that are never reached, pairs
 * that nobody enforces.
 */
export function checkForwarding(vehicle: Vehicle, documents: DocumentSet): readonly Finding[] {
  const zones = zonesOfVehicle(vehicle);
  const read = readForwardRules(documents, zones);
  const topology = topologyOf(vehicle);
  const checked = new Map<string, ReturnType<typeof checkPair>>();
  const pairs = read.value.pairs.flatMap((pair) => {
    const key = `${pair.source.id} ${pair.destination.id}`;
    if (!checked.has(key)) checked.set(key, checkPair({ vehicle, topology, zones }, pair));
    return (checked.get(key) ?? []).map((finding) => ({ ...finding, ...at(pair, finding.path) }));
  });
  return [...read.findings, ...pairs, ...shadowedRules(read.value.rules, zones)];
}

function at(pair: NamedPair, field: string): Pick<Finding, "path" | "source"> {
  return { path: field === "" ? pair.origin.path : `${pair.origin.path}.${field}`, source: { document: pair.origin.document } };
}

interface PairContext {
  readonly vehicle: Vehicle;
  readonly topology: Topology;
  readonly zones: readonly Zone[];
}

/** Findings whose path is the field of the routingInfo entry. */
function checkPair(context: PairContext, { source, destination }: NamedPair): readonly Finding[] {
  const place = (path: string) => ({ document: "", path });
  if (source === destination && source.kind === "bridge") {
    return [findingAt(RULE_INSIDE_BRIDGE, "WARNING", place(""), `both ends are ${source.name}, and traffic inside one bridge passes`)];
  }
  const empty = (
    [
      ["srcIntfName", source],
      ["dstIntfName", destination],
    ] as const
  ).filter(([, zone]) => isWithoutAddress(zone));
  if (empty.length > 0) {
    return empty.map(([field, zone]) =>
      findingAt(ZONE_WITHOUT_ADDRESS, "WARNING", place(field), `${zone.name} has no address yet, so no packet is its own`),
    );
  }
  if (isManaged(ownersOf(context, source)) || isManaged(ownersOf(context, destination)) || isForwarded(context, source, destination))
    return [];
  const description = `no host of the vehicle forwards from ${source.name} to ${destination.name}, and neither is a host with an agent`;
  return [findingAt(RULE_ENFORCED_BY_NOBODY, "WARNING", place(""), description)];
}

function isWithoutAddress(zone: Zone): boolean {
  return (
    (zone.kind === "interface" && !zone.uplink && zone.addresses.length === 0) || (zone.kind === "host" && zone.addresses.length === 0)
  );
}

/** The host that an end is, which filters its own traffic. */
function ownersOf({ zones }: PairContext, zone: Zone): readonly Zone[] {
  const host = zone.kind === "interface" ? zone.host : zone.kind === "host" ? zone.name : undefined;
  return zones.filter((other) => other.kind === "host" && other.name === host);
}

function isForwarded(context: PairContext, source: Zone, destination: Zone): boolean {
  const targets = representatives(context.vehicle, context.zones, destination);
  return representatives(context.vehicle, context.zones, source).some((from) =>
    targets.some((to) => {
      const path = from.family === to.family ? pathBetween(context.topology, from, to) : undefined;
      return (
        path !== undefined && forwardersOf(path).some((hop) => context.vehicle.hosts.some((host) => host.managed && host.name === hop.host))
      );
    }),
  );
}
