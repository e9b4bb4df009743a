import { isObject, type JsonObject, listOf, textAt } from "./json.ts";

type Reader = (value: unknown) => string | undefined;

/** Expressions of libnftables' JSON (libnftables-json(5)) by name. Each gives nft's text; undefined when it is outside our grammar. */
const EXPRESSIONS: Readonly<Record<string, Reader>> = {
  prefix: (value) => (isObject(value) ? withParts(`${expressionText(value.addr)}/${String(value.len)}`, value.addr) : undefined),
  range: (value) => joined(listOf(value), "-"),
  concat: (value) => joined(listOf(value), " . "),
  set: (value) => braced(listOf(value)),
  elem: (value) => (isObject(value) && Object.keys(value).length === 1 ? expressionText(value.val) : undefined),
  payload: readPayload,
  meta: (value) => (isObject(value) ? `meta ${textAt(value, "key")}` : undefined),
  ct: readConntrack,
  fib: (value) => (isObject(value) ? `fib ${listOf(value.flags).join(" . ")} ${textAt(value, "result")}` : undefined),
  rt: (value) => (isObject(value) ? `rt ${textAt(value, "key")}` : undefined),
  "tcp option": (value) => (isObject(value) ? `tcp option ${textAt(value, "name")} ${textAt(value, "field")}` : undefined),
  "&": (value) => joined(listOf(value), " & "),
};

/** An expression as nft's text; undefined when it is outside our grammar. The text is not canonical yet. */
export function expressionText(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  // `fib … oif missing` is a comparison with false.
  if (typeof value === "boolean") return value ? "exists" : "missing";
  if (typeof value === "string") return plainText(value);
  if (Array.isArray(value)) return joined(value, ",");
  if (!isObject(value)) return undefined;
  const [[name, inner] = ["", undefined], ...others] = Object.entries(value);
  return others.length === 0 && Object.hasOwn(EXPRESSIONS, name) ? EXPRESSIONS[name]?.(inner) : undefined;
}

/** Some versions print a port of `ct original proto-dst` inside a set as `0x35 [invalid type]`. */
function plainText(text: string): string {
  const number = /^(0x[0-9a-f]+) \[invalid type\]$/.exec(text)?.[1];
  return number === undefined ? text : String(Number(number));
}

function readPayload(value: unknown): string | undefined {
  if (!isObject(value)) return undefined;
  if (value.base !== undefined) return `@${String(value.base)},${String(value.offset)},${String(value.len)}`;
  return `${textAt(value, "protocol")} ${textAt(value, "field")}`;
}

function readConntrack(value: unknown): string | undefined {
  if (!isObject(value)) return undefined;
  const words = [textAt(value, "dir"), textAt(value, "family"), textAt(value, "key")].filter((word) => word !== "");
  return `ct ${words.join(" ")}`;
}

function joined(values: readonly unknown[], separator: string): string | undefined {
  const texts = values.map(expressionText);
  return texts.every((text) => text !== undefined) ? texts.join(separator) : undefined;
}

function braced(values: readonly unknown[]): string | undefined {
  const texts = values.map((value) => (Array.isArray(value) ? entryText(value) : expressionText(value)));
  return texts.every((text) => text !== undefined) ? `{ ${texts.join(", ")} }` : undefined;
}

function entryText([key, value]: readonly unknown[]): string | undefined {
  const keyText = expressionText(key);
  const verdict = verdictOf(value);
  return keyText === undefined || verdict === undefined ? undefined : `${keyText} : ${verdict}`;
}

/** A verdict as nft's text. */
export function verdictOf(value: unknown): string | undefined {
  if (!isObject(value)) return undefined;
  const [[name, inner] = ["", undefined]] = Object.entries(value);
  if (name === "jump" || name === "goto") return isObject(inner) ? `${name} ${textAt(inner, "target")}` : undefined;
  return ["accept", "drop", "return", "continue"].includes(name) ? name : undefined;
}

function withParts(text: string, ...parts: readonly unknown[]): string | undefined {
  return parts.every((part) => expressionText(part) !== undefined) ? text : undefined;
}

/** What a translation goes to: `10.0.0.2:8080`, `[fd00::1]:80`, `:1024-2048`. */
export function translationTarget({ addr, port }: JsonObject, family: string): string | undefined {
  const address = addr === undefined ? "" : expressionText(addr);
  const ports = port === undefined ? "" : expressionText(port);
  if (address === undefined || ports === undefined) return undefined;
  const bracketed = family === "ip6" && address !== "" ? `[${address}]` : address;
  return ports === "" ? bracketed : `${bracketed}:${ports}`;
}
