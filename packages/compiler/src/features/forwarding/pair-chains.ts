import type { FirewallChain, FirewallRule } from "@pharos/hoststate";
import type { BridgeZone } from "../../zones/zone.ts";
import { type ForwardingContext, isDeniedByDefault, isOwn, type Masqueraded, originText, vehicleOrigin } from "./context.ts";
import { chainLabel, type End } from "./ends.ts";
import { matchText } from "./match-text.ts";
import type { Pair } from "./pair-index.ts";
import type { ForwardRule } from "./rule.ts";
import { DEFAULT_DENY_CHAIN, dropStatement } from "./verdicts.ts";

/** The chain that decides about flows from one end to another, and those it jumps to. */
export interface PairChains {
  readonly name: string;
  readonly chains: readonly FirewallChain[];
}

/**
 * The chain of a pair of ends, or undefined when no rule reaches it and the default decides. First come the ACCEPTs that cover
 * this source because it is the translated one of a masqueraded bridge: its own rules are enforced at the source's host, where
 * both can be told apart. Then the pair's own rules in document order, then the default.
 */
export function pairChains(context: ForwardingContext, source: End, destination: End): PairChains | undefined {
  const pair = context.index.get(source, destination);
  const translated = translatedPairs(context, source, destination);
  if (pair === undefined && translated.length === 0) return undefined;
  // Ends of one host that have no rules of their own need the same chain.
  const from = pair === undefined ? `behind-${managedHostOf(source) ?? source.label}` : `pair-${source.label}`;
  const name = `${chainLabel(from)}-to-${destination.label}`;
  const covering = translated.map((other) => translatedChain(other));
  const jumps = covering.map((chain, index) => {
    const label = translated[index]?.source.label ?? "";
    return { body: `jump ${chain.name}`, origin: originText(`masqueraded flows of ${label}`) };
  });
  const own = (pair?.rules ?? []).flatMap((rule) => ruleLines(rule, rule.action === "ACCEPT" ? "accept" : dropStatement(context)));
  const last: readonly FirewallRule[] = isDeniedByDefault(context, source, destination)
    ? [{ body: `goto ${DEFAULT_DENY_CHAIN}`, origin: vehicleOrigin(context, "default deny") }]
    : [];
  return { name, chains: [...covering, { kind: "chain", name, rules: [...jumps, ...own, ...last] }] };
}

/** What an ACCEPT admits passes; a DROP only ends the search: it is about the bridge's flows, not about the host's own. */
function translatedChain(pair: Pair): FirewallChain {
  const lastAccept = pair.rules.findLastIndex((rule) => rule.action === "ACCEPT");
  const rules = pair.rules.slice(0, lastAccept + 1);
  const lines = rules.flatMap((rule) => ruleLines(rule, rule.action === "ACCEPT" ? "accept" : "return"));
  return { kind: "chain", name: `translated-${pair.source.label}-to-${pair.destination.label}`, rules: lines };
}

/** The pairs that a rule accepts flows of, whose flows come with an address of `source` because hosts on the way translated theirs. */
function translatedPairs(context: ForwardingContext, source: End, destination: End): readonly Pair[] {
  if (isOwn(context, source)) return [];
  return endsBehind(context, source, destination).flatMap((behind) => {
    const pair = context.index.get(behind, destination);
    return pair?.rules.some((rule) => rule.action === "ACCEPT") ? [pair] : [];
  });
}

/** The ends that the host of `end` masquerades for `destination`, and the ends behind those. */
function endsBehind(context: ForwardingContext, end: End, destination: End): readonly End[] {
  const behind = new Set<End>();
  const queue = [end];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const { end: other, bridge } of context.masqueraded.get(managedHostOf(next) ?? "") ?? []) {
      if (behind.has(other) || destination.class.translatedBy.includes(bridge)) continue;
      behind.add(other);
      queue.push(other);
    }
  }
  return [...behind];
}

/** For each managed host the ends that it gives an address of its own, with the bridge that says so. */
export function masqueradedEnds(ends: readonly End[]): Masqueraded {
  const found = new Map<string, { readonly end: End; readonly bridge: BridgeZone }[]>();
  const managed = new Set(ends.flatMap((end) => managedHostOf(end) ?? []));
  for (const end of ends) {
    for (const bridge of end.class.translatedBy) {
      for (const host of bridge.hosts) {
        if (!managed.has(host) || managedHostOf(end) === host) continue;
        const known = found.get(host);
        if (known === undefined) found.set(host, [{ end, bridge }]);
        else known.push({ end, bridge });
      }
    }
  }
  return found;
}

function managedHostOf(end: End): string | undefined {
  return end.zones.find((zone) => zone.kind === "host" && zone.managed)?.name;
}

function ruleLines(rule: ForwardRule, verdict: string): readonly FirewallRule[] {
  const origin = originText(`${rule.origin.document} ${rule.origin.path}`);
  return rule.matches.map((match) => ({ body: [matchText(match), verdict].filter((text) => text !== "").join(" "), origin }));
}
