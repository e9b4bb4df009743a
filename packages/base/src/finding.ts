import type { PharosCode } from "./errors.ts";

export type Severity = "ERROR" | "WARNING" | "INFO";

/** Where a finding points. */
export interface FindingSource {
  /** `Kind/name`, or `Kind/namespace/name` for a namespaced kind; absent when the document could not be read that far. */
  readonly document?: string;
  /** Name of the file or stream that was read. */
  readonly file?: string;
  /** 1-based line in that file. */
  readonly line?: number;
}

/**
 * Something that is wrong, or worth knowing, about a document.
 * The same findings become conditions, ValidationIssues of the API, and lines of `pharosctl validate`.
 */
export interface Finding {
  readonly code: PharosCode;
  readonly severity: Severity;
  /** Path of the field from the root of the document: `spec.bridges[0].ipam.ranges[1].subnet`. */
  readonly path: string;
  readonly description: string;
  readonly recommendation: string;
  readonly source?: FindingSource;
}

/** True when at least one finding forbids that the documents are applied. */
export function hasErrors(findings: readonly Finding[]): boolean {
  return findings.some((finding) => finding.severity === "ERROR");
}

/** A value together with what was found while it was made. */
export interface Checked<T> {
  readonly value: T;
  readonly findings: readonly Finding[];
}
