import { type Finding, hasErrors } from "@pharos/base";
import type { Kind, KindMap } from "@pharos/kinds";
import { admission, documentName } from "./admit.ts";
import { DOCUMENT_TOO_LARGE, DOCUMENT_TWICE, YAML_MALFORMED } from "./codes.ts";
import { type DocumentPart, lineOf, nearestEntry, partsOf } from "./document-parts.ts";
import { type Issue, toFinding } from "./issue.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import { type PlacedIssue, readYaml } from "./read-yaml.ts";

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
    for (const part of partsOf(yaml)) {
      if (findings.length >= limits.findings) break;
      addDocument(part, options.file, { documents, findings });
    }
  }
  findings.push(...stream.issues.map((issue) => placedFinding(issue, options.file)));
  return { documents: [...documents.values()], findings: findings.slice(0, limits.findings) };
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

interface Collected {
  readonly documents: Map<string, PlacedDocument>;
  readonly findings: Finding[];
}

function addDocument(part: DocumentPart, file: string | undefined, { documents, findings }: Collected): void {
  const own = part.issues.map((issue) => placedFinding(issue, file));
  findings.push(...own);
  if (part.value === undefined) return;
  const { object, issues } = admission(part.value);
  const document = documentName(object);
  const found = issues.map((issue) => {
    const path = part.origins === undefined ? issue.path : (nearestEntry(part.origins, issue.path) ?? "");
    const line = lineOf(part, issue.path);
    return toFinding({ ...issue, path }, source(file, { line, ...(document === undefined ? {} : { document }) }));
  });
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
