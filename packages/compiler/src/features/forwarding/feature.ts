import type { FirewallChain, FirewallObject, FirewallRule } from "@pharos/hoststate";
import type { Feature, FeatureInput } from "../../contribution.ts";
import { partition } from "../../zones/partition.ts";
import { zonesOfVehicle } from "../../zones/zone.ts";
import { clusterFailsafe, clusterSets } from "./cluster-failsafe.ts";
import { FAMILIES, type ForwardingContext, insideOneBridge, isDeniedByDefault, isOwn, vehicleOrigin } from "./context.ts";
import { DENY, type Decision, type Dispatch, dispatch, PASS } from "./dispatch.ts";
import { type End, endsAt, joinedRanges, rangeTexts } from "./ends.ts";
import { failsafeSets, forwardFailsafe, inputFailsafe } from "./failsafe.ts";
import { forwardedPairs } from "./forwarded-pairs.ts";
import { localWires } from "./local-wires.ts";
import { type OpenPort, OWN_PORTS } from "./own-ports.ts";
import { masqueradedEnds, pairChains } from "./pair-chains.ts";
import { indexPairs } from "./pair-index.ts";
import { readForwardRules } from "./read-rules.ts";
import { verdictChains } from "./verdicts.ts";

/** What the caller knows about Pharos' own programs. */
export interface ForwardingOptions {
  /** Ports of Pharos that stay open on every managed host. */
  readonly ownPorts: readonly OpenPort[];
  /** Emits the rules of pairs that this host cannot come to forward, too. */
  readonly everyPair?: boolean;
}

/**
 * The firewall of one host for RoutingConfigs and the default, as objects of the table `inet pharos`.
 *
 * Rule bodies keep to this grammar (nft's own, in the form in which nft lists it):
 *
 *     body      = { match " " } verdict | { match " " } key " vmap @" NAME
 *     match     = "ct original " ("ip" | "ip6") " daddr @" SET | "ct original proto-dst " PORT
 *               | "ct state related" | "ct state established ct direction reply" | "meta l4proto " P | "meta l4proto { " P ", " … " }"
 *               | ("tcp" | "udp") (" sport " | " dport ") (PORT | "{ " PORT ", " … " }") | "@th,64,32 0x52545053"
 *               | ("iifname" | "oifname") [" !="] " " QUOTED | key (" @" SET | " { " PREFIX ", " … " }")
 *               | ("ip" | "ip6") " daddr . meta l4proto . th dport @" SET | "icmpv6 type { " TYPE ", " … " }"
 *     key       = ("ip" | "ip6") (" saddr" | " daddr")
 *     verdict   = ["counter "] ("accept" | "drop" | "return" | "goto " CHAIN | "jump " CHAIN)
 *               | "limit rate 10/second burst 20 packets log prefix " QUOTED
 */
export function forwardingWith(options: ForwardingOptions): Feature {
  return (input) => {
    const { context, findings } = contextOf(input, options);
    if (!input.host.managed) return { contribution: {}, findings };
    const forward = forwardChain(context);
    const objects = [...forward, ...ownTrafficChain(context, "input"), ...ownTrafficChain(context, "output"), ...verdictChains(context)];
    return { contribution: { firewall: tidy([...objects, ...addressSets(context)]) }, findings };
  };
}

/** `forwardingWith` and the ports that Pharos uses unless it is configured otherwise. */
export const forwarding: Feature = forwardingWith({ ownPorts: OWN_PORTS });

function contextOf(
  input: FeatureInput,
  options: ForwardingOptions,
): { context: ForwardingContext; findings: ReturnType<Feature>["findings"] } {
  const { vehicle, host, documents } = input;
  const zones = zonesOfVehicle(vehicle);
  const parts = partition(zones);
  const read = readForwardRules(documents, zones);
  const named = new Set(read.value.pairs.flatMap((pair) => [pair.source.id, pair.destination.id]));
  const ends = endsAt({ vehicle, host, partition: parts, zones, named });
  const index = indexPairs(ends, read.value);
  const ranges = rangeTexts(parts);
  const forwards = options.everyPair === true ? () => true : forwardedPairs(vehicle, host, parts);
  const masqueraded = masqueradedEnds(ends);
  const { ownPorts } = options;
  const { cluster } = input.live;
  const context = { vehicle, host, zones, partition: parts, ranges, ends, index, forwards, masqueraded, ownPorts, cluster };
  return { context, findings: read.findings };
}

/** Stages in the order of the verdict: failsafe, replies of accepted flows, forwardRules, default. */
function forwardChain(context: ForwardingContext): readonly FirewallObject[] {
  const wires = localWires(context);
  const pairs = dispatch(context, forwardDispatch(context));
  const chain: FirewallChain = {
    kind: "chain",
    name: "forward",
    hook: { type: "filter", hook: "forward", priority: 0, policy: "accept" },
    rules: [...forwardFailsafe(context), ...clusterFailsafe(context), ...REPLIES, ...wires.rules, ...pairs.rules],
  };
  return [chain, ...wires.objects, ...pairs.objects];
}

/**
 * Only the reply direction of a flow passes unseen. Its own direction meets the rules with every packet, so that a revoked flow ends
 * at once: deleting conntrack entries was not taken, since a packet that is under way would make the entry again.
 */
const REPLIES: readonly FirewallRule[] = [
  { body: "ct state related accept", origin: "errors about accepted flows" },
  { body: "ct state established ct direction reply accept", origin: "replies of accepted flows" },
];

function forwardDispatch(context: ForwardingContext): Dispatch {
  const others = context.ends.filter((end) => !isOwn(context, end));
  const usual = (source: End, destination: End): Decision => (isDeniedByDefault(context, source, destination) ? DENY : PASS);
  return {
    hook: "forward",
    sources: context.ends,
    destinations: others,
    usual,
    decide: (source, destination) => {
      if (isOwn(context, source)) return usual(source, destination);
      if (insideOneBridge(source, destination)) return PASS;
      const denied = isDeniedByDefault(context, source, destination);
      const pair = denied && !context.forwards(source, destination) ? undefined : pairChains(context, source, destination);
      return pair === undefined ? usual(source, destination) : { verdict: `goto ${pair.name}`, chains: pair.chains };
    },
  };
}

/** Input or output: only when a document names a pair that this host is an end of. */
function ownTrafficChain(context: ForwardingContext, hook: "input" | "output"): readonly FirewallObject[] {
  const pairs = dispatch(context, ownDispatch(context, hook));
  if (pairs.rules.length === 0) return [];
  const loopback = { body: `${hook === "input" ? "iifname" : "oifname"} "lo" accept`, origin: vehicleOrigin(context, "own loopback") };
  const chain: FirewallChain = {
    kind: "chain",
    name: hook,
    hook: { type: "filter", hook, priority: 0, policy: "accept" },
    rules: [loopback, ...inputFailsafe(context), ...clusterFailsafe(context), ...REPLIES, ...pairs.rules],
  };
  return [chain, ...pairs.objects];
}

function ownDispatch(context: ForwardingContext, hook: "input" | "output"): Dispatch {
  const own = context.ends.filter((end) => isOwn(context, end));
  const others = context.ends.filter((end) => !isOwn(context, end));
  return {
    hook,
    sources: hook === "input" ? others : own,
    destinations: hook === "input" ? own : others,
    usual: () => PASS,
    decide: (source, destination) => {
      if (context.index.get(source, destination) === undefined) return PASS;
      const pair = pairChains(context, source, destination);
      return pair === undefined ? PASS : { verdict: `goto ${pair.name}`, chains: pair.chains };
    },
  };
}

function addressSets(context: ForwardingContext): readonly FirewallObject[] {
  const ranges = FAMILIES.flatMap(({ family, suffix, type }): FirewallObject[] => [
    { kind: "set", name: `managed-${suffix}`, type, interval: true, elements: joinedRanges(context.partition, family, (of) => of.managed) },
    { kind: "set", name: `vehicle-${suffix}`, type, interval: true, elements: joinedRanges(context.partition, family, (of) => !of.world) },
  ]);
  return [...ranges, ...failsafeSets(context), ...clusterSets(context)];
}

/** Leaves out empty sets with the rules that look into them, sets and chains that nothing uses, and second copies of a chain. */
function tidy(objects: readonly FirewallObject[]): readonly FirewallObject[] {
  const empty = new Set(objects.flatMap((object) => (object.kind === "set" && object.elements.length === 0 ? [object.name] : [])));
  const referencesEmpty = (body: string): boolean => [...body.matchAll(/@([A-Za-z][\w.-]*)/g)].some((match) => empty.has(match[1] ?? ""));
  const byKey = new Map<string, FirewallObject>();
  for (const object of objects) {
    const key = `${object.kind} ${object.name}`;
    if (byKey.has(key)) continue;
    byKey.set(key, object.kind === "chain" ? { ...object, rules: object.rules.filter((rule) => !referencesEmpty(rule.body)) } : object);
  }
  const kept = [...byKey.values()];
  const used = new Set(
    kept.flatMap((object) => (object.kind === "chain" ? object.rules.flatMap((rule) => rule.body.match(/@[A-Za-z][\w.-]*/g) ?? []) : [])),
  );
  return kept.filter((object) => object.kind === "chain" || used.has(`@${object.name}`));
}
