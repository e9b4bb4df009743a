import { canonicalBody } from "@pharos/hoststate/firewall";
import { isObject, type JsonObject, listOf, textAt } from "./json.ts";
import { expressionText, translationTarget, verdictOf } from "./read-expression.ts";

type Reader = (value: unknown) => string | undefined;

/** Statements of libnftables' JSON by name; verdicts are read by `verdictOf`. */
const STATEMENTS: Readonly<Record<string, Reader>> = {
  match: readMatch,
  vmap: (value) => (isObject(value) ? spaced(expressionText(value.key), "vmap", expressionText(value.data)) : undefined),
  // A string is the name of a counter object, which we do not use.
  counter: (value) => (typeof value === "string" ? undefined : "counter"),
  log: readLog,
  limit: readLimit,
  masquerade: (value) => readTranslation("masquerade", value),
  redirect: (value) => readTranslation("redirect", value),
  snat: (value) => readTranslation("snat", value),
  dnat: (value) => readTranslation("dnat", value),
  reject: readReject,
  mangle: (value) => (isObject(value) ? spaced(expressionText(value.key), "set", expressionText(value.value)) : undefined),
  notrack: () => "notrack",
};

/** The canonical body of a rule; undefined when one of its expressions is outside the grammar that Pharos writes. */
export function readBody(expressions: readonly unknown[], known: Map<string, string | undefined>): string | undefined {
  const texts = expressions.map((expression) => (isObject(expression) ? readStatement(expression) : undefined));
  if (!texts.every((text) => text !== undefined)) return undefined;
  const text = texts.join(" ");
  if (!known.has(text)) known.set(text, canonicalBody(text));
  return known.get(text);
}

function readStatement(statement: JsonObject): string | undefined {
  const [[name, value] = ["", undefined], ...others] = Object.entries(statement);
  if (others.length > 0) return undefined;
  return Object.hasOwn(STATEMENTS, name) ? STATEMENTS[name]?.(value) : verdictOf(statement);
}

/** `in` is the comparison of bits, which nft's text writes without an operator. */
function readMatch(value: unknown): string | undefined {
  if (!isObject(value)) return undefined;
  const operator = textAt(value, "op");
  return spaced(expressionText(value.left), operator === "in" ? "" : operator, expressionText(value.right));
}

function readLog(value: unknown): string | undefined {
  if (value === null) return "log";
  if (!isObject(value)) return undefined;
  const parts = Object.entries(value).map(([key, option]) =>
    key === "prefix" ? `prefix "${String(option)}"` : `${key} ${String(option)}`,
  );
  return ["log", ...parts].join(" ");
}

function readLimit(value: unknown): string | undefined {
  if (!isObject(value)) return undefined;
  const { rate, burst, per, inv, rate_unit: unit = "packets" } = value;
  if (unit !== "packets") return undefined;
  const shown = burst === undefined ? "" : ` burst ${String(burst)} packets`;
  return `limit rate ${inv === true ? "over " : ""}${String(rate)}/${String(per)}${shown}`;
}

function readTranslation(verb: string, value: unknown): string | undefined {
  if (value === null) return verb;
  if (!isObject(value)) return undefined;
  const family = textAt(value, "family");
  const target = translationTarget(value, family);
  if (target === undefined) return undefined;
  const to = target === "" ? "" : `${family === "" ? "" : ` ${family}`} to ${target}`;
  const flags = listOf(value.flags).map(String).join(",");
  return `${verb}${to}${flags === "" ? "" : ` ${flags}`}`;
}

function readReject(value: unknown): string | undefined {
  if (value === null) return "reject";
  if (!isObject(value)) return undefined;
  const type = textAt(value, "type");
  return type === "tcp reset" ? "reject with tcp reset" : spaced("reject with", type, expressionText(value.expr));
}

function spaced(...words: readonly (string | undefined)[]): string | undefined {
  return words.every((word) => word !== undefined) ? words.filter((word) => word !== "").join(" ") : undefined;
}
