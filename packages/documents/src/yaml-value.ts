import { PharosError } from "@pharos/base";
import { isAlias, isMap, isScalar, isSeq, type Node, type Pair } from "yaml";
import { DOCUMENT_TOO_LARGE, KEY_REFUSED, YAML_MALFORMED } from "./codes.ts";
import { joinPath } from "./field-path.ts";
import { type Issue, shown } from "./issue.ts";
import type { Limits } from "./limits.ts";

/** Plain data and the 1-based line of each field and list item by its path. */
export interface PlacedValue {
  readonly value: unknown;
  readonly lines: ReadonlyMap<string, number>;
}

export interface ValueContext {
  readonly limits: Limits;
  /** What is left of the limits of the whole stream. */
  readonly budget: { nodes: number; aliases: number };
  /** 1-based line of an offset in the text. */
  readonly lineAt: (offset: number) => number;
}

interface Walk extends ValueContext {
  readonly lines: Map<string, number>;
  readonly issues: (Issue & { readonly line: number })[];
  readonly anchors: Map<string, Node>;
  /** Anchored nodes that are being expanded; meeting one of them again means that it contains itself. */
  readonly open: Set<Node>;
}

interface Place {
  readonly path: string;
  readonly depth: number;
  readonly line: number;
}

/** Turns YAML nodes into plain data, aliases expanded. Throws DOCUMENT_TOO_LARGE when a limit is passed. */
export function toPlacedValue(
  root: Node | null,
  context: ValueContext,
): PlacedValue & { readonly issues: readonly (Issue & { readonly line: number })[] } {
  const walk: Walk = { ...context, lines: new Map(), issues: [], anchors: new Map(), open: new Set() };
  const value = plainValue(root, { path: "", depth: 0, line: lineOf(root, context, 1) }, walk);
  return { value, lines: walk.lines, issues: walk.issues };
}

function lineOf(node: unknown, { lineAt }: ValueContext, fallback: number): number {
  const range = (node as { readonly range?: readonly [number, number, number] | null } | null)?.range;
  return range === undefined || range === null ? fallback : lineAt(range[0]);
}

function plainValue(node: unknown, place: Place, walk: Walk): unknown {
  if (--walk.budget.nodes < 0) throw new PharosError(DOCUMENT_TOO_LARGE, `holds more than ${walk.limits.nodes} values`);
  if (place.depth > walk.limits.depth) throw new PharosError(DOCUMENT_TOO_LARGE, `nested deeper than ${walk.limits.depth} levels`);
  if (walk.issues.length > walk.limits.findings)
    throw new PharosError(DOCUMENT_TOO_LARGE, "too much is wrong with it; the rest was not read");
  walk.lines.set(place.path, place.line);
  if (isAlias(node)) return expanded(node.source, place, walk);
  if (isScalar(node)) return anchored(node, walk, () => node.value);
  if (isSeq(node))
    return anchored(node, walk, () =>
      node.items.map((item, index) => plainValue(item, inside(place, index, lineOf(item, walk, place.line)), walk)),
    );
  if (isMap(node)) return anchored(node, walk, () => mapOf(node.items, place, walk));
  return null;
}

function inside({ path, depth }: Place, segment: string | number, line: number): Place {
  return { path: joinPath(path, segment), depth: depth + 1, line };
}

function anchored(node: Node & { anchor?: string }, walk: Walk, value: () => unknown): unknown {
  if (node.anchor === undefined) return value();
  walk.anchors.set(node.anchor, node);
  walk.open.add(node);
  const result = value();
  walk.open.delete(node);
  return result;
}

function expanded(name: string, place: Place, walk: Walk): unknown {
  if (--walk.budget.aliases < 0) throw new PharosError(DOCUMENT_TOO_LARGE, `holds more than ${walk.limits.aliases} aliases`);
  const node = walk.anchors.get(name);
  const problem = node === undefined ? `there is no anchor &${name} before the alias *${name}` : `the anchor &${name} contains itself`;
  if (node === undefined || walk.open.has(node)) {
    walk.issues.push({ entry: YAML_MALFORMED, path: place.path, description: problem, line: place.line });
    return null;
  }
  return plainValue(node, place, walk);
}

function mapOf(pairs: readonly Pair[], place: Place, walk: Walk): Readonly<Record<string, unknown>> {
  const fields = new Map<string, unknown>();
  for (const { key, value } of pairs) {
    const line = lineOf(key, walk, place.line);
    const name = isScalar(key) ? key.value : undefined;
    const problem = keyProblem(name, fields);
    if (problem !== undefined || typeof name !== "string") {
      const path = typeof name === "string" ? joinPath(place.path, name) : place.path;
      walk.issues.push({ entry: KEY_REFUSED, path, description: problem ?? "a key must be a string", line });
      continue;
    }
    fields.set(name, plainValue(value, inside(place, name, line), walk));
  }
  return Object.fromEntries(fields);
}

function keyProblem(name: unknown, fields: ReadonlyMap<string, unknown>): string | undefined {
  if (typeof name !== "string") return `a key must be a string, is ${name === null || name === undefined ? "empty" : shown(String(name))}`;
  if (name === "__proto__") return "__proto__ is not allowed as a key";
  return fields.has(name) ? `the key ${shown(name)} is there twice` : undefined;
}
