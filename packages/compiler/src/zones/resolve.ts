import { nearestNames } from "./nearest-names.ts";
import type { Zone } from "./zone.ts";

/** What the name of a rule's end means. */
export type ZoneLookup =
  | { readonly kind: "zone"; readonly zone: Zone }
  | { readonly kind: "unknown"; readonly suggestions: readonly string[] }
  /** `candidates` are names that would be unambiguous. */
  | { readonly kind: "ambiguous"; readonly candidates: readonly string[] };

/** Finds zones by name; made once for a vehicle, because 10,000 rules ask it. */
export interface ZoneNames {
  lookup(name: string): ZoneLookup;
}

/** An index of the names that rules may use: bridges, hosts, cloud VMs, interfaces by qualified or (if unique) bare name, `world`. */
export function zoneNames(zones: readonly Zone[]): ZoneNames {
  const byName = new Map<string, Zone[]>();
  const add = (name: string, zone: Zone): void => {
    const known = byName.get(name);
    if (known === undefined) byName.set(name, [zone]);
    else if (!known.includes(zone)) known.push(zone);
  };
  for (const zone of zones) {
    add(zone.name, zone);
    if (zone.kind === "interface") add(zone.interface, zone);
  }
  return {
    lookup: (name) => {
      const found = byName.get(name) ?? [];
      const only = found[0];
      if (only === undefined) return { kind: "unknown", suggestions: nearestNames(name, [...byName.keys()]) };
      if (found.length === 1) return { kind: "zone", zone: only };
      return { kind: "ambiguous", candidates: found.map((zone) => `${zone.name} (${zone.kind})`).sort() };
    },
  };
}
