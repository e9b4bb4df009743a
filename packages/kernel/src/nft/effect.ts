import { PharosError } from "@pharos/base";
import { FIREWALL_TABLE, type FirewallEffect, type FirewallObject, type Hook } from "@pharos/hoststate";
import { canonicalBody, elementTypes, isFirewallName, mapElements, parseComment, setElements } from "@pharos/hoststate/firewall";
import { NFT_CODES } from "./codes.ts";
import { createTableModel, type TableModel } from "./table-model.ts";

/**
 * What nft makes of a transaction, in memory. It reads only the commands that the firewall section writes, and refuses what
 * nft and the kernel refuse, with PHAROS-2050: a name that is missing, taken by something else or in use, a loop of jumps.
 */
export const applyTransactionToObjects: FirewallEffect = (objects, transaction) => {
  const model = createTableModel(objects);
  for (const line of transaction.split("\n")) if (line !== "") runCommand(model, line);
  return model.finish();
};

type Command = (model: TableModel, name: string, rest: string) => void;

const COMMANDS: Readonly<Record<string, Command>> = {
  "add chain": (model, name, rest) => model.addChain(name, rest === "" ? undefined : hookOf(rest)),
  "flush chain": (model, name) => model.flushChain(name),
  "delete chain": (model, name) => model.deleteChain(name),
  "add rule": addRule,
  "add set": (model, name, rest) => model.addSet(setOf(name, rest)),
  "add map": (model, name, rest) => model.addSet(mapOf(name, rest)),
  "delete set": (model, name) => model.deleteSet("set", name),
  "delete map": (model, name) => model.deleteSet("map", name),
  "add element": (model, name, rest) => model.addElements(name, elementsOf(rest)),
  "delete element": (model, name, rest) => model.deleteElements(name, elementsOf(rest)),
};

function runCommand(model: TableModel, line: string): void {
  if (line === `add table inet ${FIREWALL_TABLE}`) return;
  const match = /^(add|delete|flush) (chain|rule|set|map|element) inet pharos (\S+)(?: (.*))?$/.exec(line);
  const command = COMMANDS[`${match?.[1]} ${match?.[2]}`];
  const name = match?.[3] ?? "";
  if (command === undefined || !isFirewallName(name)) throw syntaxError(line);
  command(model, name, match?.[4] ?? "");
}

function addRule(model: TableModel, name: string, rest: string): void {
  const match = /^(.*) comment "([^"]*)"$/.exec(rest);
  const body = canonicalBody(match?.[1] ?? "");
  const comment = parseComment(match?.[2] ?? "");
  if (body === undefined || comment === undefined) throw syntaxError(rest);
  model.addRule(name, { body, origin: comment.origin });
}

const HOOK = /^\{ type (filter|nat|route) hook (prerouting|input|forward|output|postrouting) priority (-?\d+); policy (accept|drop); \}$/;

function hookOf(rest: string): Hook {
  const [, type, hook, priority, policy] = HOOK.exec(rest) ?? [];
  if (type === undefined) throw syntaxError(rest);
  return { type: type as Hook["type"], hook: hook as Hook["hook"], priority: Number(priority), policy: policy as Hook["policy"] };
}

function setOf(name: string, rest: string): FirewallObject & { kind: "set" } {
  const [, type, flags] = /^\{ type ([^:;]+);( flags interval;)? \}$/.exec(rest) ?? [];
  const set = { kind: "set", name, type: type ?? "", interval: flags !== undefined, elements: [] } as const;
  if (setElements(set) === undefined) throw syntaxError(rest);
  return set;
}

function mapOf(name: string, rest: string): FirewallObject & { kind: "map" } {
  const [, keyType, valueType, flags] = /^\{ type ([^:;]+) : ([^:;]+);( flags interval;)? \}$/.exec(rest) ?? [];
  const map = {
    kind: "map",
    name,
    keyType: keyType ?? "",
    valueType: valueType ?? "",
    interval: flags !== undefined,
    elements: [],
  } as const;
  const known = map.valueType === "verdict" || elementTypes(map.valueType) !== undefined;
  if (!known || mapElements(map) === undefined) throw syntaxError(rest);
  return map;
}

/** `{ KEY, KEY : VALUE }`; the value is undefined where there is none. */
function elementsOf(rest: string): readonly (readonly [key: string, value: string | undefined])[] {
  const inner = /^\{ (.+) \}$/.exec(rest)?.[1];
  if (inner === undefined) throw syntaxError(rest);
  return inner.split(", ").map((element) => {
    const [key = "", value] = element.split(" : ");
    return [key, value] as const;
  });
}

function syntaxError(text: string): PharosError {
  return new PharosError(NFT_CODES.refused, `syntax error: ${text.slice(0, 200)}`);
}
