import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { text as readStream } from "node:stream/consumers";
import { type Finding, hasErrors, PharosError } from "@pharos/base";
import {
  allocateBlocks,
  buildVehicle,
  check,
  type DocumentSet,
  documentSet,
  freeze,
  isVehicleDocument,
  type RevisionContent,
  type Vehicle,
} from "@pharos/compiler";
import { lineOf, type PlacedDocument, parseDocuments } from "@pharos/documents";
import { CTL_FILE_UNREADABLE, CTL_FINDINGS } from "./codes.ts";
import type { Terminal } from "./terminal.ts";

/** Documents from files. */
export interface VehicleFiles {
  /** All files as one stream, as they were read. */
  readonly text: string;
  readonly placed: readonly PlacedDocument[];
  readonly documents: DocumentSet;
  readonly findings: readonly Finding[];
}

/**
 * Reads documents and checks each by itself; a folder is the YAML files in it, `-` is standard input. Only a file that cannot be
 * read is an error (CTL_FILE_UNREADABLE); all else is a finding.
 */
export async function parseVehicleFiles(paths: readonly string[]): Promise<VehicleFiles> {
  const files = (await Promise.all(paths.map(filesAt))).flat();
  const read = await Promise.all(files.map(async (file) => ({ file, text: await readOne(file) })));
  const parsed = read.map(({ file, text }) => parseDocuments(text, { file }));
  const placed = parsed.flatMap(({ documents }) => documents);
  const documents = documentSet(placed.map(({ object }) => object).filter(isVehicleDocument));
  const findings = parsed.flatMap((one) => one.findings);
  return { text: read.map(({ text }) => text).join("\n---\n"), placed, documents, findings };
}

/** As `parseVehicleFiles`, and checks the documents against each other: together they are a whole vehicle. */
export async function readVehicleFiles(paths: readonly string[]): Promise<VehicleFiles> {
  const parsed = await parseVehicleFiles(paths);
  return { ...parsed, findings: checkAmong(parsed, parsed.documents) };
}

/** All findings of the files when `documents`, theirs and perhaps others, are what the vehicle has. */
export function checkAmong({ findings, placed }: VehicleFiles, documents: DocumentSet): readonly Finding[] {
  if (hasErrors(findings)) return findings;
  return [...findings, ...check(documents).map((finding) => withPlace(finding, placed))];
}

/** Adds file and line to a finding that names a document. */
function withPlace(finding: Finding, placed: readonly PlacedDocument[]): Finding {
  const at = placed.find(({ document }) => document === finding.source?.document);
  if (at === undefined) return finding;
  const file = at.file === undefined ? {} : { file: at.file };
  return { ...finding, source: { document: at.document, ...file, line: lineOf(at, finding.path) } };
}

/** `file:line` of a field of a document; undefined when the document is in none of the files. */
export function placeOf(placed: readonly PlacedDocument[], document: string, path: string): string | undefined {
  const at = placed.find((other) => other.document === document);
  return at === undefined ? undefined : `${at.file ?? "-"}:${lineOf(at, path)}`;
}

/** The content that a revision of these documents would have in a new store. */
export function contentOf(documents: DocumentSet): RevisionContent {
  return freeze({ documents, allocations: allocateBlocks(documents, []).value, leases: [] });
}

/** With errors among the findings they are printed, and CTL_FINDINGS is thrown. */
export function requireNoErrors(findings: readonly Finding[], terminal: Terminal): void {
  if (!hasErrors(findings)) return;
  terminal.err(findingLines(findings));
  const count = findings.filter(({ severity }) => severity === "ERROR").length;
  throw new PharosError(CTL_FINDINGS, count === 1 ? "1 error" : `${count} errors`);
}

/** The vehicle that the files describe; errors as in `requireNoErrors`. */
export function requireVehicle(read: VehicleFiles, terminal: Terminal): Vehicle {
  requireNoErrors(read.findings, terminal);
  const vehicle = buildVehicle(contentOf(read.documents)).value;
  if (vehicle === undefined) throw new PharosError(CTL_FINDINGS, "no Node document describes the vehicle");
  return vehicle;
}

/** Findings as lines that editors and terminals can jump to: `file:line: SEVERITY CODE path: description`, then the advice. */
export function findingLines(findings: readonly Finding[]): string {
  return findings
    .map(({ code, severity, path, description, recommendation, source }) => {
      const place = `${source?.file ?? source?.document ?? "-"}${source?.line === undefined ? "" : `:${source.line}`}`;
      const advice = recommendation === "" ? "" : `    ${recommendation}\n`;
      return `${place}: ${severity} ${code} ${path === "" ? "" : `${path}: `}${description}\n${advice}`;
    })
    .join("");
}

async function filesAt(path: string): Promise<readonly string[]> {
  if (path === "-") return [path];
  return orUnreadable(path, async () => {
    if (!(await stat(path)).isDirectory()) return [path];
    const names = (await readdir(path)).filter((name) => /\.ya?ml$/.test(name)).sort();
    return names.map((name) => join(path, name));
  });
}

function readOne(file: string): Promise<string> {
  return orUnreadable(file, () => (file === "-" ? readStream(process.stdin) : readFile(file, "utf8")));
}

async function orUnreadable<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw new PharosError(CTL_FILE_UNREADABLE, `cannot read ${path}`, { cause });
  }
}
