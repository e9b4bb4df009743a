import { type Finding, hasErrors } from "@pharos/base";
import type { Kind, KindMap } from "@pharos/kinds";
import { admission, documentName } from "./admit.ts";
import { DOCUMENT_TOO_LARGE, DOCUMENT_TWICE, YAML_MALFORMED } from "./codes.ts";
import { isObject } from "./defaults.ts";
import { joinPath, parentPath } from "./field-path.ts";
import { type Issue, toFinding } from "./issue.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import { type PlacedIssue, readYaml, type YamlDocument } from "./read-yaml.ts";

/** A valid document in canonical form and where it stands in the text. Plain data, fit for structured clone. */
export interface PlacedDocument<K extends Kind = Kind> {
  /** `Kind/name`, or `Kind/namespace/name` for a namespaced kind. */
  readonly document: string;
  readonly object: KindMap[K];
  readonly file?: string;
  /** 1-based line where the document begins. */
  readonly line: number;
  /** 1-based line of each field and list item that the text has, by its path; `lineOf` answers for all others. */
  readonly lines: ReadonlyMap<string, number>;
}

export interface ParsedDocuments {
  /** The documents without an error, in the order of the text. */
  readonly documents: readonly PlacedDocument[];
  readonly findings: readonly Finding[];
}

export interface ParseOptions {
  /** Name of the file or stream, for findings. */
  readonly file?: string;
  readonly limits?: Partial<Limits>;
}

/**
 * Reads documents of all kinds in both spellings from a YAML 1.2 stream (or JSON). Bad input gives findings and never
 * throws. Takes about 2 s of CPU a MB: where that is too long to hold up others, use `parseDocumentsInWorker`.
 */
export function parseDocuments(text: string | Uint8Array, options: ParseOptions = {}): ParsedDocuments {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const decoded = decode(text, limits);
  if (typeof decoded !== "string") return { documents: [], findings: [toFinding(decoded, source(options.file, { line: 1 }))] };
  const stream = readYaml(decoded, limits);
  const findings: Finding[] = [];
  const documents = new Map<string, PlacedDocument>();
  for (const yaml of stream.documents) {
    if (findings.length >= limits.findings) break;
    for (const part of partsOf(yaml)) addDocument(part, options.file, { documents, findings });
  }
  findings.push(...stream.issues.map((issue) => placedFinding(issue, options.file)));
  return { documents: [...documents.values()], findings: findings.slice(0, limits.findings) };
}

/** The line of a field, or of what it would stand in where the text does not have it. */
export function lineOf({ lines, line }: Pick<PlacedDocument, "lines" | "line">, path: string): number {
  for (let at: string | undefined = path; at !== undefined; at = parentPath(at)) {
    const found = lines.get(at);
    if (found !== undefined) return found;
  }
  return line;
}

function decode(text: string | Uint8Array, { bytes }: Limits): string | Issue {
  const tooLarge: Issue = { entry: DOCUMENT_TOO_LARGE, path: "", description: `is longer than ${bytes} bytes` };
  if (text.length > bytes) return tooLarge;
  if (typeof text === "string") return text.length * 3 > bytes && new TextEncoder().encode(text).length > bytes ? tooLarge : text;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(text);
  } catch {
    return { entry: YAML_MALFORMED, path: "", description: "is not UTF-8", recommendation: "save the text as UTF-8" };
  }
}

/** A document, or each item of a `kind: List` as kubectl writes it. */
interface Part extends YamlDocument {
  /** Path of the item inside the List; "" for a document of its own. */
  readonly prefix: string;
}

function partsOf(yaml: YamlDocument): readonly Part[] {
  const { value } = yaml;
  if (value === null && yaml.issues.length === 0) return [];
  if (!isObject(value) || value.kind !== "List" || !Array.isArray(value.items)) return [{ ...yaml, prefix: "" }];
  return value.items.map((item, index): Part => {
    const prefix = joinPath("items", index);
    return {
      value: item,
      lines: linesBelow(yaml.lines, prefix),
      line: yaml.lines.get(prefix) ?? yaml.line,
      issues: index === 0 ? yaml.issues : [],
      prefix,
    };
  });
}

function linesBelow(lines: ReadonlyMap<string, number>, prefix: string): ReadonlyMap<string, number> {
  const below = [...lines].filter(([path]) => path === prefix || path.startsWith(`${prefix}.`));
  return new Map(below.map(([path, line]) => [path.slice(prefix.length).replace(/^\./, ""), line]));
}

interface Collected {
  readonly documents: Map<string, PlacedDocument>;
  readonly findings: Finding[];
}

function addDocument(part: Part, file: string | undefined, { documents, findings }: Collected): void {
  const own = part.issues.map((issue) => placedFinding(issue, file));
  findings.push(...own);
  if (part.value === undefined) return;
  const { object, issues } = admission(part.value);
  const document = documentName(object);
  const found = issues.map((issue) =>
    toFinding(issue, source(file, { line: lineOf(part, issue.path), ...(document === undefined ? {} : { document }) })),
  );
  findings.push(...found);
  if (document === undefined || hasErrors([...own, ...found])) return;
  const first = documents.get(document);
  if (first !== undefined) {
    const issue = { entry: DOCUMENT_TWICE, path: "metadata.name", description: `${document} is also at line ${first.line}` };
    findings.push(toFinding(issue, source(file, { document, line: lineOf(part, "metadata.name") })));
    return;
  }
  documents.set(document, { document, object, ...(file === undefined ? {} : { file }), line: part.line, lines: part.lines });
}

function placedFinding(issue: PlacedIssue, file: string | undefined): Finding {
  return toFinding(issue, source(file, { line: issue.line }));
}

function source(file: string | undefined, place: { readonly document?: string; readonly line: number }) {
  return {
    ...(place.document === undefined ? {} : { document: place.document }),
    ...(file === undefined ? {} : { file }),
    line: place.line,
  };
}
