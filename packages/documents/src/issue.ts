import type { CodeEntry, Finding, FindingSource, Severity } from "@pharos/base";

/** What a check says about a field, before it is known where the document comes from. */
export interface Issue {
  readonly entry: CodeEntry;
  readonly path: string;
  readonly description: string;
  /** The register's general advice is used where this is absent. */
  readonly recommendation?: string;
  readonly severity?: Severity;
}

export function toFinding({ entry, path, description, recommendation, severity }: Issue, source: FindingSource): Finding {
  return {
    code: entry.code,
    severity: severity ?? "ERROR",
    path,
    description,
    recommendation: recommendation ?? entry.action,
    ...(Object.keys(source).length === 0 ? {} : { source }),
  };
}

/** A value in a message: short, on one line. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
