import type { FirewallMap, FirewallSet } from "./firewall.ts";
import { isFirewallName } from "./firewall-names.ts";
import { canonicalValue, distinct, elementType, joinedValues, type ValueType } from "./firewall-values.ts";

/** The types of a concatenation `ipv4_addr . inet_service`; undefined when one is not known. */
export function elementTypes(type: string): readonly ValueType[] | undefined {
  const types = type.split(" . ").map(elementType);
  return types.every((known) => known !== undefined) ? types : undefined;
}

/** Canonical text of one element, its fields joined by ` . `; undefined when it is none of these types. */
export function canonicalElement(types: readonly ValueType[], text: string): string | undefined {
  const [only] = types;
  if (types.length === 1 && only !== undefined) return canonicalValue(only, text);
  const fields = text.split(" . ");
  if (fields.length !== types.length) return undefined;
  const values = types.map((type, index) => canonicalValue(type, fields[index] ?? ""));
  return values.every((value) => value !== undefined) ? values.join(" . ") : undefined;
}

/**
 * Canonical elements, sorted. `joined`: ranges of single values that overlap or touch become one, so that the same set of
 * values has one text, however it was cut (nft itself joins in some sets, and splits ranges into prefixes in others).
 */
export function canonicalElements(types: readonly ValueType[], texts: readonly string[], joined: boolean): readonly string[] | undefined {
  const [only] = types;
  if (joined && types.length === 1 && only !== undefined) return joinedValues(only, texts);
  return distinct(texts.map((text) => canonicalElement(types, text)));
}

/** The elements of a set as canonical text; undefined when the set is outside the grammar. */
export function setElements(set: FirewallSet): readonly string[] | undefined {
  const types = elementTypes(set.type);
  const elements = types && canonicalElements(types, set.elements, set.interval);
  return set.interval || !elements?.some(isRange) ? elements : undefined;
}

/** The entries of a map by canonical key, sorted; undefined when the map is outside the grammar or has two values for one key. */
export function mapElements(map: FirewallMap): ReadonlyMap<string, string> | undefined {
  const types = elementTypes(map.keyType);
  if (types === undefined) return undefined;
  const entries = new Map<string, string>();
  for (const element of map.elements) {
    const key = canonicalElement(types, element.key);
    const value = mapValue(map.valueType, element.value);
    if (key === undefined || value === undefined || (!map.interval && isRange(key))) return undefined;
    if ((entries.get(key) ?? value) !== value) return undefined;
    entries.set(key, value);
  }
  return new Map([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A verdict as nft writes it; undefined when `text` is none. */
export function verdictText(text: string): string | undefined {
  if (text === "accept" || text === "drop" || text === "return" || text === "continue") return text;
  const match = /^(?:goto|jump) (\S+)$/.exec(text);
  return match?.[1] !== undefined && isFirewallName(match[1]) ? text : undefined;
}

function mapValue(type: string, text: string): string | undefined {
  if (type === "verdict") return verdictText(text);
  const types = elementTypes(type);
  return types && canonicalElement(types, text);
}

function isRange(element: string): boolean {
  return element.split(" . ").some((field) => /^[0-9a-f.:]+[/-]/.test(field));
}
