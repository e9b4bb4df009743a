import type { FirewallChain, FirewallMap, FirewallObject, FirewallRule, FirewallSet, Hook } from "@pharos/hoststate";
import { mapElements, parseComment, setElements } from "@pharos/hoststate/firewall";
import { isObject, type JsonObject, listOf, objectAt, textAt } from "./json.ts";
import { expressionText, verdictOf } from "./read-expression.ts";
import { readBody } from "./read-rule.ts";

/** What to call the body of a rule that is outside our grammar. `hash` is the one of its comment, if it has one of ours. */
export type ForeignBodies = (hash: string | undefined, expressions: string) => string;

/** No body that a feature makes is equal to it. */
export const FOREIGN_BODY = "(not readable)";

/** The objects of a listing of one table. */
export function readObjects(listing: readonly JsonObject[], foreign: ForeignBodies = () => FOREIGN_BODY): readonly FirewallObject[] {
  const rules = new Map<string, FirewallRule[]>();
  const bodies = new Map<string, string | undefined>();
  for (const entry of listing) {
    const rule = objectAt(entry, "rule");
    if (rule === undefined) continue;
    const chain = textAt(rule, "chain");
    const known = rules.get(chain);
    if (known === undefined) rules.set(chain, [readRule(rule, bodies, foreign)]);
    else known.push(readRule(rule, bodies, foreign));
  }
  const dormant = listing.some((entry) => isDormant(objectAt(entry, "table")));
  return listing.flatMap((entry): readonly FirewallObject[] => {
    const [chain, set, map] = [objectAt(entry, "chain"), objectAt(entry, "set"), objectAt(entry, "map")];
    if (chain !== undefined) return [readChain(chain, rules.get(textAt(chain, "name")) ?? [], dormant)];
    if (set !== undefined) return [readSet(set)];
    return map === undefined ? [] : [readMap(map)];
  });
}

function readRule(rule: JsonObject, bodies: Map<string, string | undefined>, foreign: ForeignBodies): FirewallRule {
  const comment = parseComment(textAt(rule, "comment"));
  const expressions = listOf(rule.expr);
  const body = readBody(expressions, bodies) ?? foreign(comment?.hash, JSON.stringify(expressions, withoutCounts));
  return { body, origin: comment?.origin ?? "" };
}

function withoutCounts(key: string, value: unknown): unknown {
  return key === "counter" && isObject(value) ? null : value;
}

/** Version 1.0.6 prints the table's family where its flags belong, so their presence has to do. */
function isDormant(table: JsonObject | undefined): boolean {
  return listOf(table?.flags).some((flag) => flag !== "owner" && flag !== "persist");
}

const HOOKS: readonly Hook["hook"][] = ["prerouting", "input", "forward", "output", "postrouting"];
const TYPES: readonly Hook["type"][] = ["filter", "nat", "route"];

function readChain(chain: JsonObject, rules: readonly FirewallRule[], dormant: boolean): FirewallChain {
  const base = { kind: "chain", name: textAt(chain, "name"), rules } as const;
  if (chain.hook === undefined) return base;
  const hook = HOOKS.find((known) => known === chain.hook);
  const type = TYPES.find((known) => known === chain.type);
  const drops = chain.policy === "drop";
  // A chain where we attach none: no priority of ours is equal to this one, so it is deleted or replaced.
  if (hook === undefined || type === undefined)
    return { ...base, hook: { type: "filter", hook: "input", priority: Number.NaN, policy: "accept" } };
  // In a dormant table nothing is filtered. With the other policy each base chain differs, and any transaction wakes the table.
  const policy = drops !== dormant ? "drop" : "accept";
  return { ...base, hook: { type, hook, priority: Number(chain.prio), policy } };
}

/** Fields of a set or map as we make it. Any other (time-outs, sizes, `auto-merge`) makes it somebody else's. */
const OUR_FIELDS: ReadonlySet<string> = new Set(["family", "name", "table", "type", "handle", "flags", "elem", "map"]);

function typeText(object: JsonObject, type: unknown): string {
  const text = listOf(type).map(String).join(" . ");
  const strange = [
    ...Object.keys(object).filter((field) => !OUR_FIELDS.has(field)),
    ...listOf(object.flags).filter((flag) => flag !== "interval"),
  ];
  return strange.length === 0 ? text : foreignType(text, strange.join(", "));
}

/** A type that no feature asks for, so that the object is replaced. */
function foreignType(type: string, why: string): string {
  return `${type} (${why})`;
}

function isInterval(object: JsonObject): boolean {
  return listOf(object.flags).includes("interval");
}

function readSet(object: JsonObject): FirewallSet {
  const elements = listOf(object.elem).map((element) => expressionText(element) ?? FOREIGN_BODY);
  const set = { kind: "set", name: textAt(object, "name"), type: typeText(object, object.type), interval: isInterval(object) } as const;
  const canonical = setElements({ ...set, elements });
  return canonical === undefined
    ? { ...set, type: foreignType(set.type, "elements not readable"), elements }
    : { ...set, elements: canonical };
}

function readMap(object: JsonObject): FirewallMap {
  const elements = listOf(object.elem).map((entry) => {
    const [key, value] = listOf(entry);
    return { key: expressionText(key) ?? FOREIGN_BODY, value: verdictOf(value) ?? expressionText(value) ?? FOREIGN_BODY };
  });
  const valueType = listOf(object.map).map(String).join(" . ");
  const map = {
    kind: "map",
    name: textAt(object, "name"),
    keyType: typeText(object, object.type),
    valueType,
    interval: isInterval(object),
  } as const;
  const canonical = mapElements({ ...map, elements });
  if (canonical === undefined) return { ...map, keyType: foreignType(map.keyType, "elements not readable"), elements };
  return { ...map, elements: [...canonical].map(([key, value]) => ({ key, value })) };
}
