import type { FirewallChain, FirewallRule } from "@pharos/hoststate";
import type { PlacedBridge } from "../../vehicle/model.ts";
import { type ForwardingContext, insideOneBridge, isDeniedByDefault, isOwn, originText, vehicleOrigin } from "./context.ts";
import type { End } from "./ends.ts";
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
  const name = `pair-${source.label}-to-${destination.label}`;
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

/** The pairs of masqueraded bridges whose flows leave their host with an address of `source`. */
function translatedPairs(context: ForwardingContext, source: End, destination: End): readonly Pair[] {
  if (isOwn(context, source)) return [];
  const bridges = masqueradedBehind(context, source);
  return context.ends.flatMap((behind) => {
    const isBehind = behind.zones.some((zone) => zone.kind === "bridge" && bridges.some((bridge) => bridge.name === zone.name));
    if (!isBehind || insideOneBridge(behind, destination)) return [];
    const pair = context.index.get(behind, destination);
    return pair?.rules.some((rule) => rule.action === "ACCEPT") ? [pair] : [];
  });
}

function masqueradedBehind(context: ForwardingContext, source: End): readonly PlacedBridge[] {
  return context.vehicle.bridges.filter(
    (bridge) => bridge.ipMasq && source.zones.some((zone) => zone.kind === "host" && bridge.hosts.includes(zone.name)),
  );
}

function ruleLines(rule: ForwardRule, verdict: string): readonly FirewallRule[] {
  const origin = originText(`${rule.origin.document} ${rule.origin.path}`);
  return rule.matches.map((match) => ({ body: [matchText(match), verdict].filter((text) => text !== "").join(" "), origin }));
}
