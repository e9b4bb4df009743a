import { PharosError } from "@pharos/base";
import { FIREWALL_CODES } from "./codes.ts";
import {
  FIREWALL_TABLE,
  type FirewallChain,
  type FirewallMap,
  type FirewallObject,
  type FirewallRule,
  type FirewallSet,
} from "./firewall.ts";
import { commentOf } from "./firewall-comment.ts";
import { elementTypes, mapElements, setElements } from "./firewall-elements.ts";
import { isFirewallName } from "./firewall-names.ts";
import { canonicalBody } from "./firewall-rule.ts";

/** Elements per command: few commands parse faster, and no line grows without bound. */
const BATCH = 4000;

const TABLE = `inet ${FIREWALL_TABLE}`;

/** Makes the table if it is missing, and wakes it if somebody set its flag `dormant`. */
export const ADD_TABLE = `add table ${TABLE}`;

/** Creates a chain, or sets the policy of a base chain that is there in place. */
export function declareChain({ name, hook }: FirewallChain): string {
  const checked = nameText(name);
  if (hook === undefined) return `add chain ${TABLE} ${checked}`;
  if (!Number.isInteger(hook.priority)) throw refused(`priority ${hook.priority} of chain ${name}`);
  return `add chain ${TABLE} ${checked} { type ${hook.type} hook ${hook.hook} priority ${hook.priority}; policy ${hook.policy}; }`;
}

/** Creates a set or map without elements. */
export function declareSet(object: FirewallSet | FirewallMap): string {
  const type = object.kind === "set" ? typeText(object, object.type) : `${typeText(object, object.keyType)} : ${valueTypeText(object)}`;
  return `add ${object.kind} ${TABLE} ${nameText(object.name)} { type ${type};${object.interval ? " flags interval;" : ""} }`;
}

export function flushChain({ name }: FirewallChain): string {
  return `flush chain ${TABLE} ${nameText(name)}`;
}

export function deleteObject({ kind, name }: FirewallObject): string {
  return `delete ${kind} ${TABLE} ${nameText(name)}`;
}

/** Commands that add or delete elements, given as canonical text, thousands to a command. */
export function elementCommands(verb: "add" | "delete", name: string, elements: readonly string[]): readonly string[] {
  const commands: string[] = [];
  for (let start = 0; start < elements.length; start += BATCH)
    commands.push(`${verb} element ${TABLE} ${nameText(name)} { ${elements.slice(start, start + BATCH).join(", ")} }`);
  return commands;
}

/** The canonical elements of a set, or entries of a map (value undefined for a set). A set outside the grammar is refused. */
export function elementsOf(object: FirewallSet | FirewallMap): ReadonlyMap<string, string | undefined> {
  const elements = object.kind === "set" ? setElements(object) : mapElements(object);
  if (elements === undefined) throw refused(`${object.kind} ${object.name}: its type or one of its elements`);
  return "size" in elements ? elements : new Map(elements.map((element) => [element, undefined]));
}

/** Commands that append all rules of a chain. `bodies` remembers canonical bodies between chains. */
export function ruleCommands(chain: FirewallChain, bodies: Map<string, string>): readonly string[] {
  const name = nameText(chain.name);
  return chain.rules.map((rule) => {
    const body = bodies.get(rule.body) ?? checkedBody(rule, name);
    bodies.set(rule.body, body);
    return `add rule ${TABLE} ${name} ${body} comment "${commentOf(body, rule)}"`;
  });
}

/** Lines for people: what the object is, then its rules or elements, indented. */
export function firewallLines(object: FirewallObject): readonly string[] {
  if (object.kind === "chain")
    return [chainTitle(object), ...object.rules.map(({ body, origin }) => `  ${body}${origin === "" ? "" : `  # ${origin}`}`)];
  const interval = object.interval ? ", ranges" : "";
  if (object.kind === "set") return [`set ${object.name} (${object.type}${interval})`, ...object.elements.map((element) => `  ${element}`)];
  return [
    `map ${object.name} (${object.keyType} : ${object.valueType}${interval})`,
    ...object.elements.map(({ key, value }) => `  ${key} : ${value}`),
  ];
}

function chainTitle({ name, hook }: FirewallChain): string {
  return hook === undefined
    ? `chain ${name}`
    : `chain ${name} (${hook.type} hook ${hook.hook} priority ${hook.priority}, policy ${hook.policy})`;
}

function checkedBody(rule: FirewallRule, chain: string): string {
  const body = canonicalBody(rule.body);
  if (body === undefined) throw refused(`chain ${chain}: the rule ${JSON.stringify(rule.body)}`);
  return body;
}

function nameText(name: string): string {
  if (!isFirewallName(name)) throw refused(`the name ${JSON.stringify(name)}`);
  return name;
}

function typeText({ name }: FirewallSet | FirewallMap, type: string): string {
  if (elementTypes(type) === undefined) throw refused(`${name}: the type ${JSON.stringify(type)}`);
  return type;
}

function valueTypeText(map: FirewallMap): string {
  return map.valueType === "verdict" ? "verdict" : typeText(map, map.valueType);
}

function refused(what: string): PharosError {
  return new PharosError(FIREWALL_CODES.refused, `${what} is refused`);
}
