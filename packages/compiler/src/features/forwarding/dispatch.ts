import type { FirewallChain, FirewallMap, FirewallObject, FirewallRule } from "@pharos/hoststate";
import { FAMILIES, type ForwardingContext, vehicleOrigin } from "./context.ts";
import type { End } from "./ends.ts";
import { DEFAULT_DENY_CHAIN } from "./verdicts.ts";

/** What happens to flows between two ends: an nft verdict, and the chains that it leads to. */
export interface Decision {
  readonly verdict: string;
  readonly chains: readonly FirewallChain[];
}

export const PASS: Decision = { verdict: "accept", chains: [] };
export const DENY: Decision = { verdict: `goto ${DEFAULT_DENY_CHAIN}`, chains: [] };

/** Which flows a hook sees and what becomes of them. */
export interface Dispatch {
  readonly hook: "forward" | "input" | "output";
  readonly sources: readonly End[];
  readonly destinations: readonly End[];
  decide(source: End, destination: End): Decision;
  /** What `decide` answers for most pairs: PASS or DENY. Only pairs that differ become map elements. */
  usual(source: End, destination: End): Decision;
}

/** The rules of a base chain that find the pair of a flow by two interval look-ups, and everything that they lead to. */
export interface Dispatched {
  readonly rules: readonly FirewallRule[];
  readonly objects: readonly FirewallObject[];
}

interface Branch {
  readonly source: End;
  readonly verdict: string;
  readonly objects: readonly FirewallObject[];
}

/** Source class by verdict map, then a chain per source with a verdict map over its destinations, then the pair's chain. */
export function dispatch(context: ForwardingContext, of: Dispatch): Dispatched {
  const branches = of.sources.flatMap((source) => branchOf(context, of, source) ?? []);
  const inVehicle = branches.filter(({ source }) => !source.class.world);
  const fromWorld = branches.filter(({ source }) => source.class.world);
  const elements = inVehicle.map(({ source, verdict }) => ({ end: source, verdict }));
  const origin = vehicleOrigin(context, `${of.hook} by source`);
  const table = verdictMaps(context, { name: of.hook, selector: "saddr", origin, elements });
  const complete = inVehicle.length === of.sources.filter((source) => !source.class.world).length;
  const skip = fromWorld.length === 0 || complete ? [] : vehicleRules(context, "saddr", "accept");
  // A side that needs no chain still has a rule: without it its packets would fall to the side that has no device.
  const sides = fromWorld.length === 0 ? [] : of.sources.filter((source) => source.class.world);
  const verdictOf = (side: End): string => fromWorld.find(({ source }) => source === side)?.verdict ?? PASS.verdict;
  const world = sides.map((side) => sideRule(context, "iifname", side, verdictOf(side)));
  return { rules: [...table.rules, ...skip, ...world], objects: [...table.maps, ...branches.flatMap(({ objects }) => objects)] };
}

/** What a source leads to; undefined when everything from it passes. */
function branchOf(context: ForwardingContext, of: Dispatch, source: End): Branch | undefined {
  const decided = of.destinations.map((destination) => ({
    destination,
    decision: of.decide(source, destination),
    usual: of.usual(source, destination),
  }));
  const special = decided.filter(({ decision, usual }) => decision.verdict !== usual.verdict);
  if (special.length === 0) return usualBranch(context, of, source);
  const name = `${of.hook === "forward" ? "" : `${of.hook}-`}from-${source.label}`;
  const origin = vehicleOrigin(context, `${of.hook} from ${source.label}`);
  const elements = special
    .filter(({ destination }) => !destination.class.world)
    .map(({ destination, decision }) => ({ end: destination, verdict: decision.verdict }));
  const table = verdictMaps(context, { name, selector: "daddr", origin, elements });
  const world = decided.filter(({ destination }) => destination.class.world);
  const tail = special.some(({ destination }) => destination.class.world)
    ? [
        ...vehicleTail(context, of, source),
        ...world.map(({ destination, decision }) => sideRule(context, "oifname", destination, decision.verdict)),
      ]
    : usualRules(context, of, source);
  const chain: FirewallChain = { kind: "chain", name, rules: [...table.rules, ...tail] };
  const chains = special.flatMap(({ decision }) => decision.chains);
  return { source, verdict: `goto ${name}`, objects: [...table.maps, chain, ...chains] };
}

/** A chain that sources without any pair of their own share. */
const SHARED_CHAIN = "from-unmanaged";

function usualBranch(context: ForwardingContext, of: Dispatch, source: End): Branch | undefined {
  const rules = usualRules(context, of, source);
  const only = rules[0];
  if (only === undefined) return undefined;
  if (source.class.managed) return { source, verdict: only.body, objects: [] };
  return { source, verdict: `goto ${SHARED_CHAIN}`, objects: [{ kind: "chain", name: SHARED_CHAIN, rules }] };
}

/** The usual decision for all destinations, the world included, as rules. */
function usualRules(context: ForwardingContext, of: Dispatch, source: End): readonly FirewallRule[] {
  if (!of.destinations.some((destination) => of.usual(source, destination).verdict === DENY.verdict)) return [];
  const origin = vehicleOrigin(context, "default deny");
  return source.class.managed ? [{ body: DENY.verdict, origin }] : managedRules(context);
}

/** The usual decision for destinations in the vehicle only, so that what follows is about the world. */
function vehicleTail(context: ForwardingContext, of: Dispatch, source: End): readonly FirewallRule[] {
  const denies = usualRules(context, of, source).length > 0;
  if (!denies) return vehicleRules(context, "daddr", "accept");
  return source.class.managed
    ? vehicleRules(context, "daddr", DENY.verdict)
    : [...managedRules(context), ...vehicleRules(context, "daddr", "accept")];
}

function managedRules(context: ForwardingContext): readonly FirewallRule[] {
  const origin = vehicleOrigin(context, "default deny");
  return FAMILIES.map(({ ip, suffix }) => ({ body: `${ip} daddr @managed-${suffix} ${DENY.verdict}`, origin }));
}

function vehicleRules(context: ForwardingContext, selector: "saddr" | "daddr", verdict: string): readonly FirewallRule[] {
  const origin = vehicleOrigin(context, verdict === "accept" ? "not named" : "default deny");
  return FAMILIES.map(({ ip, suffix }) => ({ body: `${ip} ${selector} @vehicle-${suffix} ${verdict}`, origin }));
}

function sideRule(context: ForwardingContext, selector: "iifname" | "oifname", end: End, verdict: string): FirewallRule {
  const body = end.device === undefined ? verdict : `${selector} "${end.device}" ${verdict}`;
  return { body, origin: vehicleOrigin(context, end.label) };
}

interface Table {
  readonly name: string;
  readonly selector: "saddr" | "daddr";
  readonly origin: string;
  readonly elements: readonly { readonly end: End; readonly verdict: string }[];
}

function verdictMaps(
  context: ForwardingContext,
  table: Table,
): { readonly maps: readonly FirewallMap[]; readonly rules: readonly FirewallRule[] } {
  const maps: FirewallMap[] = [];
  const rules: FirewallRule[] = [];
  for (const { family, ip, suffix, type } of FAMILIES) {
    const verdicts = new Map(table.elements.map(({ end, verdict }) => [end.class.key, verdict]));
    const elements = context.ranges[family].flatMap(({ text, class: key }) => {
      const value = verdicts.get(key);
      return value === undefined ? [] : [{ key: text, value }];
    });
    if (elements.length === 0) continue;
    const name = `${table.name}-${suffix}`;
    maps.push({ kind: "map", name, keyType: type, valueType: "verdict", interval: true, elements });
    rules.push({ body: `${ip} ${table.selector} vmap @${name}`, origin: table.origin });
  }
  return { maps, rules };
}
