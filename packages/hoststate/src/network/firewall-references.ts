import type { Change } from "../section.ts";
import type { FirewallChain, FirewallObject } from "./firewall.ts";

/** Identity of an object. Sets and maps share a name space of nft, chains have their own. */
export function firewallKey({ kind, name }: FirewallObject): string {
  return `${kind === "chain" ? "chain" : "set"} ${name}`;
}

/** Keys of the objects that `object` cannot do without: what its rules jump to and look up, what its values go to. */
export function referencesOf(object: FirewallObject): ReadonlySet<string> {
  const keys = new Set<string>();
  if (object.kind === "set") return keys;
  const texts = object.kind === "chain" ? object.rules.map(({ body }) => body) : object.elements.map(({ value }) => value);
  for (const text of texts) {
    if (!/@|jump|goto/.test(text)) continue;
    const plain = text.replaceAll(/"[^"]*"/g, '""');
    for (const [, name = ""] of plain.matchAll(/(?:jump|goto) ([A-Za-z0-9_.-]+)/g)) keys.add(`chain ${name}`);
    for (const [, name = ""] of plain.matchAll(/@(?!(?:ll|nh|th|ih),)([A-Za-z0-9_.-]+)/g)) keys.add(`set ${name}`);
  }
  return keys;
}

type FirewallChange = Change<FirewallObject>;

/** True when `observed` cannot become `desired` in place: nft has no command for a new hook, type or flag. */
export function needsReplacement(observed: FirewallObject, desired: FirewallObject): boolean {
  if (observed.kind === "chain" && desired.kind === "chain") return hookText(observed) !== hookText(desired);
  return declarationOf(observed) !== declarationOf(desired);
}

function hookText({ hook }: FirewallChain): string {
  return hook === undefined ? "" : `${hook.type} ${hook.hook} ${hook.priority}`;
}

function declarationOf(object: FirewallObject): string {
  if (object.kind === "chain") return "chain";
  const types = object.kind === "set" ? object.type : `${object.keyType} : ${object.valueType}`;
  return `${object.kind} ${types} ${object.interval}`;
}

/**
 * The changes, with an update from itself to itself for each unchanged object that refers to one that is replaced: nft does not
 * delete what is in use, so the reference has to be taken out and put back around it. `desired` are all objects of the table.
 */
export function withReferrers(changes: readonly FirewallChange[], desired: readonly FirewallObject[]): readonly FirewallChange[] {
  const replaced = new Set(
    changes.flatMap((change) =>
      change.kind === "update" && needsReplacement(change.observed, change.desired) ? [firewallKey(change.desired)] : [],
    ),
  );
  if (replaced.size === 0) return changes;
  const changed = new Set(changes.map((change) => firewallKey(change.kind === "delete" ? change.observed : change.desired)));
  const referrers = desired.filter(
    (object) => !changed.has(firewallKey(object)) && [...referencesOf(object)].some((key) => replaced.has(key)),
  );
  return [...changes, ...referrers.map((object): FirewallChange => ({ kind: "update", observed: object, desired: object }))];
}
