import type { Zone } from "../../zones/zone.ts";
import type { End } from "./ends.ts";
import type { ForwardRule, ForwardRules } from "./rule.ts";

/** What the documents say about flows from one end to another. */
export interface Pair {
  readonly source: End;
  readonly destination: End;
  /** In first-match order; empty when a document names the pair and lists no rule. */
  readonly rules: readonly ForwardRule[];
}

/** The pairs of ends that some document names, by source and destination. */
export interface PairIndex {
  readonly pairs: readonly Pair[];
  get(source: End, destination: End): Pair | undefined;
}

/** Spreads the rules over the pairs of ends that they apply to; work grows with rules and named pairs, not with all pairs. */
export function indexPairs(ends: readonly End[], forwardRules: ForwardRules): PairIndex {
  const endsOf = endsByZone(ends);
  const found = new Map<End, Map<End, ForwardRule[]>>();
  for (const { source, destination, rules } of byZonePair(forwardRules)) {
    for (const from of endsOf.get(source.id) ?? []) {
      const row = found.get(from) ?? new Map<End, ForwardRule[]>();
      found.set(from, row);
      for (const to of endsOf.get(destination.id) ?? []) {
        const known = row.get(to);
        if (known === undefined) row.set(to, [...rules]);
        else known.push(...rules);
      }
    }
  }
  const rows = new Map<End, ReadonlyMap<End, Pair>>();
  for (const source of ends) {
    const row = found.get(source);
    if (row === undefined) continue;
    const pairs = ends.flatMap((destination) => {
      const rules = row.get(destination);
      return rules === undefined ? [] : [{ source, destination, rules: rules.sort((a, b) => a.order - b.order) }];
    });
    rows.set(source, new Map(pairs.map((pair) => [pair.destination, pair])));
  }
  return {
    pairs: [...rows.values()].flatMap((row) => [...row.values()]),
    get: (source, destination) => rows.get(source)?.get(destination),
  };
}

interface ZonePairRules {
  readonly source: Zone;
  readonly destination: Zone;
  readonly rules: ForwardRule[];
}

function byZonePair({ rules, pairs }: ForwardRules): Iterable<ZonePairRules> {
  const groups = new Map<string, ZonePairRules>();
  const keyOf = (pair: { readonly source: Zone; readonly destination: Zone }): string => `${pair.source.id} ${pair.destination.id}`;
  for (const pair of pairs) groups.set(keyOf(pair), { source: pair.source, destination: pair.destination, rules: [] });
  for (const rule of rules) groups.get(keyOf(rule))?.rules.push(rule);
  return groups.values();
}

function endsByZone(ends: readonly End[]): ReadonlyMap<string, readonly End[]> {
  const byZone = new Map<string, End[]>();
  for (const end of ends) {
    for (const zone of end.zones) {
      const known = byZone.get(zone.id);
      if (known === undefined) byZone.set(zone.id, [end]);
      else known.push(end);
    }
  }
  return byZone;
}
