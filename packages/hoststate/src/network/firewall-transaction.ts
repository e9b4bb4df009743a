import type { Change } from "../section.ts";
import type { FirewallChain, FirewallMap, FirewallObject, FirewallSet } from "./firewall.ts";
import { needsReplacement } from "./firewall-references.ts";
import {
  ADD_TABLE,
  declareChain,
  declareSet,
  deleteObject,
  elementCommands,
  elementsOf,
  flushChain,
  ruleCommands,
} from "./firewall-text.ts";

/** Objects by what has to happen to them. A replaced object is deleted and created in the same transaction. */
interface Sorted {
  readonly created: readonly FirewallObject[];
  readonly kept: readonly { readonly observed: FirewallObject; readonly desired: FirewallObject }[];
  readonly deleted: readonly FirewallObject[];
  readonly replaced: readonly { readonly observed: FirewallObject; readonly desired: FirewallObject }[];
}

/**
 * One transaction for `nft -f -` that makes all changes. A base chain that stays is never deleted (packets would pass or be
 * lost meanwhile): its policy is set in place, and its rules are flushed and added again, which nft commits as one. Objects
 * are created before what refers to them and deleted after it.
 */
export function firewallTransaction(changes: readonly Change<FirewallObject>[]): string {
  const sorted = sortChanges(changes);
  const going = [...sorted.deleted, ...sorted.replaced.map(({ observed }) => observed)];
  const coming = [...sorted.created, ...sorted.replaced.map(({ desired }) => desired)];
  const goingChains = new Set(going.filter(isChain).map(({ name }) => name));
  const updates = sorted.kept.flatMap(({ observed, desired }) =>
    isChain(observed) || isChain(desired) ? [] : [elementChanges(observed, desired, goingChains)],
  );
  const bodies = new Map<string, string>();
  const commands = [
    ADD_TABLE,
    ...sorted.created.filter(isChain).map(declareChain),
    ...sorted.kept.flatMap(policyCommands),
    ...[...sorted.kept.map(({ observed }) => observed), ...going].filter(isChain).map(flushChain),
    ...updates.flatMap(({ name, gone }) => elementCommands("delete", name, gone)),
    ...going.filter((object) => !isChain(object)).map(deleteObject),
    ...going.filter(isChain).map(deleteObject),
    ...sorted.replaced
      .map(({ desired }) => desired)
      .filter(isChain)
      .map(declareChain),
    ...coming.flatMap((object) => (isChain(object) ? [] : [declareSet(object)])),
    ...updates.flatMap(({ name, come }) => elementCommands("add", name, come)),
    ...coming.flatMap((object) => (isChain(object) ? [] : elementCommands("add", object.name, [...elementsOf(object)].map(elementText)))),
    ...[...sorted.kept.map(({ desired }) => desired), ...coming].filter(isChain).flatMap((chain) => ruleCommands(chain, bodies)),
  ];
  return `${commands.join("\n")}\n`;
}

function sortChanges(changes: readonly Change<FirewallObject>[]): Sorted {
  const updates = changes.flatMap((change) => (change.kind === "update" ? [change] : []));
  return {
    created: changes.flatMap((change) => (change.kind === "create" ? [change.desired] : [])),
    deleted: changes.flatMap((change) => (change.kind === "delete" ? [change.observed] : [])),
    kept: updates.filter(({ observed, desired }) => !needsReplacement(observed, desired)),
    replaced: updates.filter(({ observed, desired }) => needsReplacement(observed, desired)),
  };
}

function policyCommands({ observed, desired }: Sorted["kept"][number]): readonly string[] {
  const changed = isChain(observed) && isChain(desired) && observed.hook?.policy !== desired.hook?.policy;
  return changed ? [declareChain(desired)] : [];
}

interface ElementChanges {
  readonly name: string;
  readonly gone: readonly string[];
  readonly come: readonly string[];
}

/** Element by element. An entry whose target chain goes away meanwhile is taken out and put back. */
function elementChanges(
  observed: FirewallSet | FirewallMap,
  desired: FirewallSet | FirewallMap,
  goingChains: ReadonlySet<string>,
): ElementChanges {
  const before = elementsOf(observed);
  const after = elementsOf(desired);
  const goes = (value: string | undefined): boolean =>
    goingChains.size > 0 && goingChains.has(/^(?:goto|jump) (.*)$/.exec(value ?? "")?.[1] ?? "");
  const stays = (key: string): boolean => after.has(key) && before.has(key) && after.get(key) === before.get(key) && !goes(before.get(key));
  return {
    name: desired.name,
    gone: [...before.keys()].filter((key) => !stays(key)),
    come: [...after].filter(([key]) => !stays(key)).map(elementText),
  };
}

function elementText([key, value]: readonly [string, string | undefined]): string {
  return value === undefined ? key : `${key} : ${value}`;
}

function isChain(object: FirewallObject): object is FirewallChain {
  return object.kind === "chain";
}
