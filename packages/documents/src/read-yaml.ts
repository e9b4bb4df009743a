import { PharosError } from "@pharos/base";
import { Composer, type Document, Lexer, LineCounter, type ParsedNode, Parser, type YAMLParseError, type YAMLWarning } from "yaml";
import { DOCUMENT_TOO_LARGE, TAG_UNKNOWN, YAML_MALFORMED } from "./codes.ts";
import type { Issue } from "./issue.ts";
import type { Limits } from "./limits.ts";
import { type PlacedValue, toPlacedValue } from "./yaml-value.ts";

/** An issue and the 1-based line that it is about. */
export interface PlacedIssue extends Issue {
  readonly line: number;
}

/** A document of a YAML stream as plain data. */
export interface YamlDocument extends PlacedValue {
  /** Line where it begins. */
  readonly line: number;
  readonly issues: readonly PlacedIssue[];
}

export interface YamlStream {
  readonly documents: readonly YamlDocument[];
  /** Issues that stopped the reading. */
  readonly issues: readonly PlacedIssue[];
}

type ComposedDocument = Document.Parsed<ParsedNode>;

/** Lexemes that a value takes at most in ordinary text; keeps text of nothing but indicators or comments short. */
const LEXEMES_PER_NODE = 8;

// uniqueKeys compares each key with all others before it; yaml-value.ts finds repeated keys in linear time.
const OPTIONS = { uniqueKeys: false, prettyErrors: false, merge: false, logLevel: "silent", version: "1.2" } as const;

/** Reads a stream of YAML 1.2 documents (JSON included). Never throws for bad text. */
export function readYaml(text: string, limits: Limits): YamlStream {
  const lineCounter = new LineCounter();
  lineCounter.addNewLine(0);
  const documents: YamlDocument[] = [];
  const budget = { nodes: limits.nodes, aliases: limits.aliases };
  const where = { offset: 0 };
  try {
    for (const composed of compose(text, { lineCounter, limits, where })) {
      documents.push(toDocument(composed, { lineCounter, limits, budget }));
      if (documents.length > limits.documents)
        throw new PharosError(DOCUMENT_TOO_LARGE, `there are more than ${limits.documents} documents`);
    }
    return { documents, issues: [] };
  } catch (error) {
    const { line } = lineCounter.linePos(where.offset);
    return { documents, issues: [{ ...stopped(error), path: "", line: Math.max(line, 1) }] };
  }
}

function stopped(error: unknown): Pick<Issue, "entry" | "description"> {
  if (error instanceof PharosError) return { entry: DOCUMENT_TOO_LARGE, description: error.message };
  return { entry: YAML_MALFORMED, description: `cannot be read: ${error instanceof Error ? error.message : String(error)}` };
}

interface Reading {
  readonly lineCounter: LineCounter;
  readonly limits: Limits;
  /** How far the reading is; for the line of what stops it. */
  readonly where: { offset: number };
}

/** Composes document by document; checks depth while tokens come, because the composer recurses. */
function* compose(text: string, { lineCounter, limits, where }: Reading): Generator<ComposedDocument> {
  const parser = new Parser(lineCounter.addNewLine);
  const composer = new Composer(OPTIONS);
  let lexemes = 0;
  for (const lexeme of new Lexer().lex(text)) {
    where.offset += lexeme.length;
    for (const token of parser.next(lexeme)) yield* composer.next(token);
    if (parser.stack.length > limits.depth + 2) throw new PharosError(DOCUMENT_TOO_LARGE, `nested deeper than ${limits.depth} levels`);
    if (++lexemes > limits.nodes * LEXEMES_PER_NODE) throw new PharosError(DOCUMENT_TOO_LARGE, `holds more than ${limits.nodes} values`);
  }
  for (const token of parser.end()) yield* composer.next(token);
  yield* composer.end(false, text.length);
}

interface Conversion {
  readonly lineCounter: LineCounter;
  readonly limits: Limits;
  readonly budget: { nodes: number; aliases: number };
}

function toDocument(composed: ComposedDocument, { lineCounter, limits, budget }: Conversion): YamlDocument {
  const lineAt = (offset: number): number => Math.max(lineCounter.linePos(offset).line, 1);
  const line = lineAt(composed.contents?.range[0] ?? composed.range[0]);
  const placed = (problem: YAMLParseError | YAMLWarning, severity: "ERROR" | "WARNING"): PlacedIssue => ({
    entry: problem.code === "TAG_RESOLVE_FAILED" ? TAG_UNKNOWN : YAML_MALFORMED,
    path: "",
    description: problem.message,
    severity: problem.code === "TAG_RESOLVE_FAILED" ? "ERROR" : severity,
    line: lineAt(problem.pos[0]),
  });
  const problems = [
    ...composed.errors.slice(0, limits.findings).map((error) => placed(error, "ERROR")),
    ...composed.warnings.slice(0, limits.findings).map((warning) => placed(warning, "WARNING")),
  ];
  if (composed.errors.length > 0) return { value: undefined, lines: new Map(), line, issues: problems };
  const { issues, ...value } = toPlacedValue(composed.contents, { limits, budget, lineAt });
  return { ...value, line, issues: [...problems, ...issues] };
}
