import type { Finding } from "@pharos/base";
import { zonesOfAddress } from "../../zones/membership.ts";
import type { Zone } from "../../zones/zone.ts";
import { RULE_SHADOWED } from "./codes.ts";
import { findingAt } from "./finding-at.ts";
import type { ForwardRule, Match, Ports } from "./rule.ts";

/** What a single packet header of a rule looks like, with one port or any. */
interface Shape {
  readonly protocol: "all" | "icmp" | "tcp" | "udp" | "rtps";
  /** Undefined: any. */
  readonly sourcePort: number | undefined;
  readonly destinationPort: number | undefined;
}

/**
 * WARNINGs for rules that no packet reaches: everything that they match is matched before them, by rules for the same ends or for
 * wider ones. Each shape of a rule has to be covered by one earlier rule, so that the search is a look-up and not a comparison
 * with every rule before.
 */
export function shadowedRules(rules: readonly ForwardRule[], zones: readonly Zone[]): readonly Finding[] {
  const wider = widerZones(rules, zones);
  const first = new Map<string, ForwardRule>();
  return rules.flatMap((rule) => {
    const shapes = rule.matches.flatMap(shapesOf);
    const covering = shapes.map((shape) => coveringRule(first, rule, shape, wider));
    for (const shape of shapes) {
      const key = keyOf(rule.source, rule.destination, shape);
      if (!first.has(key)) first.set(key, rule);
    }
    const other = covering[0];
    if (other === undefined || covering.includes(undefined)) return [];
    const description = `never reached: ${other.origin.document} ${other.origin.path} (${other.text}) matches all of it before`;
    return [findingAt(RULE_SHADOWED, "WARNING", rule.origin, description)];
  });
}

type Wider = (zone: Zone) => readonly Zone[];

function coveringRule(first: ReadonlyMap<string, ForwardRule>, rule: ForwardRule, shape: Shape, wider: Wider): ForwardRule | undefined {
  for (const source of wider(rule.source)) {
    for (const destination of wider(rule.destination)) {
      for (const general of generalShapes(shape)) {
        const found = first.get(keyOf(source, destination, general));
        if (found !== undefined) return found;
      }
    }
  }
  return undefined;
}

function keyOf(source: Zone, destination: Zone, shape: Shape): string {
  return `${source.id} ${destination.id} ${shape.protocol} ${shape.sourcePort ?? "*"} ${shape.destinationPort ?? "*"}`;
}

function shapesOf(match: Match): readonly Shape[] {
  if (match.kind !== "transport") return [{ protocol: match.kind, sourcePort: undefined, destinationPort: undefined }];
  const protocol = match.rtps ? "rtps" : match.transport;
  const each = (ports: Ports): readonly (number | undefined)[] => (ports.length === 0 ? [undefined] : ports);
  return each(match.sourcePorts).flatMap((sourcePort) =>
    each(match.destinationPorts).map((destinationPort) => ({ protocol, sourcePort, destinationPort })),
  );
}

/** All shapes that hold everything that `shape` holds, itself included. */
function generalShapes(shape: Shape): readonly Shape[] {
  const protocols: readonly Shape["protocol"][] = shape.protocol === "rtps" ? ["rtps", "udp", "all"] : [shape.protocol, "all"];
  return protocols.flatMap((protocol) =>
    [shape.sourcePort, undefined].flatMap((sourcePort) =>
      [shape.destinationPort, undefined].map((destinationPort) => ({ protocol, sourcePort, destinationPort })),
    ),
  );
}

/** For each zone that rules name: itself, and those that hold all of its addresses. An uplink reaches further than its host. */
function widerZones(rules: readonly ForwardRule[], zones: readonly Zone[]): Wider {
  const known = new Map<Zone, readonly Zone[]>();
  for (const zone of new Set(rules.flatMap((rule) => [rule.source, rule.destination]))) {
    if (zone.kind !== "interface" || zone.uplink || zone.addresses.length === 0) continue;
    const holders = zone.addresses.map((ip) => zonesOfAddress(zones, ip));
    const common = (holders[0] ?? []).filter((holder) => holder.kind === "host" && holders.every((others) => others.includes(holder)));
    known.set(zone, [zone, ...common]);
  }
  return (zone) => known.get(zone) ?? [zone];
}
