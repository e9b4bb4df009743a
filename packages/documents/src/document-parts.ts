import { isObject } from "./defaults.ts";
import { joinPath, parentPath } from "./field-path.ts";
import { otherShape } from "./other-shapes.ts";
import type { PlacedIssue, YamlDocument } from "./read-yaml.ts";

/** One object of a YAML document: the document itself, an item of a List, or made from another shape. */
export interface DocumentPart extends YamlDocument {
  /** For an object made from another shape: path in the given text by path in the object. */
  readonly origins?: ReadonlyMap<string, string>;
}

/** The line of a field, or of what it would stand in where the text does not have it. */
export function lineOf({ lines, line }: { readonly lines: ReadonlyMap<string, number>; readonly line: number }, path: string): number {
  return nearestEntry(lines, path) ?? line;
}

/** What the map says about a path, or about the closest object or list around it. */
export function nearestEntry<T>(entries: ReadonlyMap<string, T>, path: string): T | undefined {
  for (let at: string | undefined = path; at !== undefined; at = parentPath(at)) {
    const found = entries.get(at);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The objects of a YAML document; none of an empty one. */
export function partsOf(yaml: YamlDocument): readonly DocumentPart[] {
  const { value } = yaml;
  if (value === null && yaml.issues.length === 0) return [];
  if (isObject(value) && value.kind === "List" && Array.isArray(value.items)) return itemsOf(yaml, value.items);
  const other = otherShape(value);
  if (other === undefined) return [yaml];
  const issues = other.issues.map((issue): PlacedIssue => ({ ...issue, line: lineOf(yaml, issue.path) }));
  const derived = other.objects.map(({ object, origins }): DocumentPart => {
    const lines = new Map([...origins].map(([to, from]) => [to, lineOf(yaml, from)]));
    return { value: object, lines, line: yaml.line, issues: [], origins };
  });
  return [{ ...yaml, value: undefined, issues: [...yaml.issues, ...issues] }, ...derived];
}

/** A List as kubectl writes it; its items are documents of their own. */
function itemsOf(yaml: YamlDocument, items: readonly unknown[]): readonly DocumentPart[] {
  const lines = items.map(() => new Map<string, number>());
  for (const [path, line] of yaml.lines) {
    const [whole, index] = /^items\[(\d+)\]\.?/.exec(path) ?? [];
    if (whole !== undefined) lines[Number(index)]?.set(path.slice(whole.length), line);
  }
  return items.map((value, index) => {
    const line = yaml.lines.get(joinPath("items", index)) ?? yaml.line;
    return { value, lines: lines[index] ?? new Map(), line, issues: index === 0 ? yaml.issues : [] };
  });
}
