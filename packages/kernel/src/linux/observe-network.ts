import { type Address, type Family, keyOf, type Link, type PolicyRule, type Route } from "@pharos/hoststate";
import { decodeAddress, encodeAddressDump } from "../netlink/address-message.ts";
import { PHAROS_PROTOCOL } from "../netlink/constants.ts";
import type { LinkRecord } from "../netlink/link-record.ts";
import { decodeRoute, encodeRouteDump, type RouteRecord } from "../netlink/route-message.ts";
import { decodeRule, encodeRuleDump, type RuleFields } from "../netlink/rule-message.ts";
import type { NetlinkTransport } from "../netlink/transport.ts";
import { LINK_ALIAS, POD_LINK_ALIAS } from "./context.ts";
import type { LinkTable } from "./link-table.ts";

/** Stands for a link in another namespace; no interface can have this name. */
const ELSEWHERE = "";
const FAMILIES: readonly Family[] = ["ipv4", "ipv6"];

function belowOf(record: LinkRecord, table: LinkTable): string {
  const below = record.parentElsewhere || record.parent === undefined ? undefined : table.get(record.parent);
  return below?.name ?? ELSEWHERE;
}

/** The typed form of a link of ours. */
function linkOf(record: LinkRecord, table: LinkTable): Link {
  const { name, mtu, mac } = record;
  const master = record.master === undefined ? null : (table.get(record.master)?.name ?? null);
  const common = { name, mtu, master, ...(mac === undefined ? {} : { mac }), ...(record.up ? {} : { down: true as const }) };
  if (record.alias !== LINK_ALIAS) return { kind: "physical", ...common };
  if (record.bridge !== undefined) {
    const { callIptables, callIp6tables, multicastSnooping } = record.bridge;
    return { kind: "bridge", ...common, callIptables: callIptables && callIp6tables, multicastSnooping };
  }
  if (record.vxlan !== undefined) return { kind: "vxlan", ...common, ...record.vxlan };
  if (record.macvlanMode !== undefined) return { kind: "macvlan", ...common, parent: belowOf(record, table), mode: record.macvlanMode };
  if (record.kind === "veth") return { kind: "veth", ...common, peer: belowOf(record, table) };
  return record.kind === "dummy" ? { kind: "dummy", ...common } : { kind: "physical", ...common };
}

/** Links with our mark, and those in scope. Pod links are never among them. */
export function linksIn(table: LinkTable, scope: ReadonlySet<string>): readonly Link[] {
  return [...table.values()]
    .filter(({ alias, name }) => alias?.startsWith(POD_LINK_ALIAS) !== true && (alias === LINK_ALIAS || scope.has(name)))
    .map((record) => linkOf(record, table));
}

/** Addresses with our mark, and those in scope, on links other than pod links. */
export async function addressesIn(route: NetlinkTransport, table: LinkTable, scope: ReadonlySet<string>): Promise<readonly Address[]> {
  const replies = await route.dump(encodeAddressDump());
  return replies.flatMap((reply) => {
    const record = decodeAddress(reply);
    const link = record === undefined ? undefined : table.get(record.index);
    if (record === undefined || link === undefined || link.alias?.startsWith(POD_LINK_ALIAS)) return [];
    const address: Address = { link: link.name, address: record.address };
    return record.protocol === PHAROS_PROTOCOL || scope.has(keyOf("addresses", address)) ? [address] : [];
  });
}

function routeOf(record: RouteRecord, table: LinkTable): Route | undefined {
  if (record.type === undefined || record.cloned) return undefined;
  const { destination, metric, type, gateway, source, mtu, scope } = record;
  const identity = { destination, table: record.table, metric, type };
  if (type !== "unicast") return identity;
  const link = record.index === undefined ? undefined : table.get(record.index)?.name;
  return {
    ...identity,
    ...(gateway === undefined ? {} : { gateway }),
    ...(link === undefined ? {} : { link }),
    ...(scope === "other" ? {} : { scope }),
    ...(source === undefined ? {} : { source }),
    ...(mtu === undefined ? {} : { mtu }),
  };
}

/** Routes with our mark, and those in scope. Of several with one key, ours is the one that counts. */
export async function routesIn(route: NetlinkTransport, table: LinkTable, scope: ReadonlySet<string>): Promise<readonly Route[]> {
  const byKey = new Map<string, Route>();
  for (const family of FAMILIES) {
    for (const reply of await route.dump(encodeRouteDump(family))) {
      const record = decodeRoute(reply);
      const item = record === undefined ? undefined : routeOf(record, table);
      if (record === undefined || item === undefined) continue;
      const key = keyOf("routes", item);
      const ours = record.protocol === PHAROS_PROTOCOL;
      if (ours || (scope.has(key) && !byKey.has(key))) byKey.set(key, item);
    }
  }
  return [...byKey.values()];
}

function policyRuleOf({ protocol: _, ...rule }: RuleFields): PolicyRule {
  return rule;
}

/** Policy rules with our mark, and those in scope. */
export async function policyRulesIn(route: NetlinkTransport, scope: ReadonlySet<string>): Promise<readonly PolicyRule[]> {
  const rules: PolicyRule[] = [];
  for (const family of FAMILIES) {
    for (const reply of await route.dump(encodeRuleDump(family))) {
      const record = decodeRule(reply);
      // A kernel without IPv6 answers with the rules of all families.
      if (record?.family !== family) continue;
      const rule = policyRuleOf(record);
      if (record.protocol === PHAROS_PROTOCOL || scope.has(keyOf("policyRules", rule))) rules.push(rule);
    }
  }
  return rules;
}
