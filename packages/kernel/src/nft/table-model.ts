import { PharosError } from "@pharos/base";
import type { FirewallChain, FirewallMap, FirewallObject, FirewallRule, FirewallSet, Hook } from "@pharos/hoststate";
import { firewallKey, mapElements, referencesOf, setElements } from "@pharos/hoststate/firewall";
import { NFT_CODES } from "./codes.ts";

type Entry = readonly [key: string, value: string | undefined];

/** One table in memory, in the middle of a transaction. Each method refuses what nft and the kernel refuse, with PHAROS-2050. */
export interface TableModel {
  addChain(name: string, hook: Hook | undefined): void;
  flushChain(name: string): void;
  deleteChain(name: string): void;
  addRule(chain: string, rule: FirewallRule): void;
  addSet(object: FirewallSet | FirewallMap): void;
  deleteSet(kind: "set" | "map", name: string): void;
  addElements(name: string, entries: readonly Entry[]): void;
  deleteElements(name: string, entries: readonly Entry[]): void;
  /** The objects, once the jumps have been found free of loops. */
  finish(): readonly FirewallObject[];
}

interface ChainEntry {
  readonly chain: Omit<FirewallChain, "rules">;
  readonly rules: FirewallRule[];
}

interface SetEntry {
  readonly object: FirewallSet | FirewallMap;
  readonly elements: Map<string, string | undefined>;
}

export function createTableModel(objects: readonly FirewallObject[]): TableModel {
  const chains = new Map<string, ChainEntry>();
  const sets = new Map<string, SetEntry>();
  for (const object of objects) {
    if (object.kind === "chain") chains.set(object.name, { chain: withoutRules(object), rules: [...object.rules] });
    else sets.set(object.name, { object, elements: entriesOf(object) });
  }

  const chainOf = (name: string): ChainEntry => chains.get(name) ?? refuse(`No such file or directory: chain ${name}`);
  const setOf = (name: string): SetEntry => sets.get(name) ?? refuse(`No such file or directory: set ${name}`);
  const { use, checkUnused } = createUses(objects, chains, sets);

  return {
    addChain: (name, hook) => {
      const known = chains.get(name);
      if (known !== undefined && hookText(known.chain.hook) !== hookText(hook)) refuse(`File exists: chain ${name} has another hook`);
      chains.set(name, { chain: { kind: "chain", name, ...(hook === undefined ? {} : { hook }) }, rules: known?.rules ?? [] });
    },
    flushChain: (name) => {
      for (const rule of chainOf(name).rules.splice(0)) use(ruleAsChain(rule), -1);
    },
    deleteChain: (name) => {
      if (chainOf(name).rules.length > 0) refuse(`Device or resource busy: chain ${name} has rules`);
      checkUnused(`chain ${name}`);
      chains.delete(name);
    },
    addRule: (name, rule) => {
      use(ruleAsChain(rule), 1);
      chainOf(name).rules.push(rule);
    },
    addSet: (object) => {
      if (sets.has(object.name)) refuse(`File exists: ${object.name}`);
      sets.set(object.name, { object, elements: new Map() });
    },
    deleteSet: (kind, name) => {
      const { object, elements } = setOf(name);
      if (object.kind !== kind) refuse(`No such file or directory: ${kind} ${name}`);
      checkUnused(`set ${name}`);
      for (const [key, value] of elements) use(entryAsMap(key, value), -1);
      sets.delete(name);
    },
    addElements: (name, entries) => {
      const { object, elements } = setOf(name);
      checkEntries(object, entries);
      for (const [key, value] of entries) {
        if (elements.has(key) && elements.get(key) !== value) refuse(`File exists: ${key} in ${name}`);
        if (!elements.has(key)) use(entryAsMap(key, value), 1);
        elements.set(key, value);
      }
    },
    deleteElements: (name, entries) => {
      const { elements } = setOf(name);
      for (const [key] of entries) {
        if (!elements.has(key)) refuse(`No such file or directory: ${key} in ${name}`);
        use(entryAsMap(key, elements.get(key)), -1);
        elements.delete(key);
      }
    },
    finish: () => {
      const result = [
        ...[...chains.values()].map(({ chain, rules }): FirewallChain => ({ ...chain, rules })),
        ...[...sets.values()].map(filled),
      ];
      refuseLoops(result);
      return result;
    },
  };
}

interface Uses {
  /** Counts what a rule or an entry refers to; refuses to refer to what is not there, and to jump to a base chain. */
  use(part: FirewallObject, by: 1 | -1): void;
  checkUnused(key: string): void;
}

/** Counts of rules and entries that refer to an object, by `firewallKey`. */
function createUses(
  objects: readonly FirewallObject[],
  chains: ReadonlyMap<string, ChainEntry>,
  sets: ReadonlyMap<string, SetEntry>,
): Uses {
  const uses = new Map<string, number>();
  const check = (key: string): void => {
    const name = key.slice(key.indexOf(" ") + 1);
    const chain = chains.get(name)?.chain;
    if (!(key.startsWith("chain ") ? chain !== undefined : sets.has(name))) refuse(`No such file or directory: ${key}`);
    if (key.startsWith("chain ") && chain?.hook !== undefined) refuse(`Operation not supported: jump to the base chain ${name}`);
  };
  const use = (part: FirewallObject, by: 1 | -1): void => {
    for (const key of referencesOf(part)) {
      if (by === 1) check(key);
      uses.set(key, (uses.get(key) ?? 0) + by);
    }
  };
  for (const part of objects.flatMap(partsOf)) use(part, 1);
  return {
    use,
    checkUnused: (key) => {
      if ((uses.get(key) ?? 0) > 0) refuse(`Device or resource busy: ${key}`);
    },
  };
}

function withoutRules({ rules: _, ...chain }: FirewallChain): Omit<FirewallChain, "rules"> {
  return chain;
}

function entriesOf(object: FirewallSet | FirewallMap): Map<string, string | undefined> {
  if (object.kind === "map") return new Map(mapElements(object));
  return new Map(setElements(object)?.map((element) => [element, undefined]));
}

function filled({ object, elements }: SetEntry): FirewallSet | FirewallMap {
  if (object.kind === "set") return { ...object, elements: setElements({ ...object, elements: [...elements.keys()] }) ?? [] };
  const entries = mapElements({ ...object, elements: [...elements].map(([key, value = ""]) => ({ key, value })) }) ?? [];
  return { ...object, elements: [...entries].map(([key, value]) => ({ key, value })) };
}

/** Rules and entries one by one, as objects that `referencesOf` takes. */
function partsOf(object: FirewallObject): readonly FirewallObject[] {
  if (object.kind === "chain") return object.rules.map(ruleAsChain);
  return object.kind === "set" ? [] : object.elements.map(({ key, value }) => entryAsMap(key, value));
}

function ruleAsChain(rule: FirewallRule): FirewallChain {
  return { kind: "chain", name: "", rules: [rule] };
}

function entryAsMap(key: string, value: string | undefined): FirewallMap {
  return { kind: "map", name: "", keyType: "", valueType: "", interval: false, elements: value === undefined ? [] : [{ key, value }] };
}

function checkEntries(object: FirewallSet | FirewallMap, entries: readonly Entry[]): void {
  const fits =
    object.kind === "set"
      ? entries.every(([, value]) => value === undefined) && setElements({ ...object, elements: entries.map(([key]) => key) }) !== undefined
      : mapElements({ ...object, elements: entries.map(([key, value = ""]) => ({ key, value })) }) !== undefined;
  if (!fits) refuse(`Invalid argument: elements of ${object.name}`);
}

function hookText(hook: Hook | undefined): string {
  return hook === undefined ? "" : `${hook.type} ${hook.hook} ${hook.priority}`;
}

/** The kernel follows jumps from the base chains: a loop is refused, and so are more than 16 jumps in a row. */
function refuseLoops(objects: readonly FirewallObject[]): void {
  const targets = new Map(objects.map((object) => [firewallKey(object), referencesOf(object)]));
  const depths = new Map<string, number>();
  const depthOf = (key: string, path: ReadonlySet<string>): number => {
    if (path.has(key)) refuse(`Too many links: a loop through ${key}`);
    const known = depths.get(key);
    if (known !== undefined) return known;
    const below = [...(targets.get(key) ?? [])].map((target) => depthOf(target, new Set([...path, key])));
    const depth = Math.max(0, ...below) + (key.startsWith("chain ") ? 1 : 0);
    if (depth > 17) refuse(`Too many links: more than 16 jumps from ${key}`);
    depths.set(key, depth);
    return depth;
  };
  for (const key of targets.keys()) depthOf(key, new Set());
}

function refuse(message: string): never {
  throw new PharosError(NFT_CODES.refused, message);
}
