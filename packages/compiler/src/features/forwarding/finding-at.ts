import type { CodeEntry, Finding, Severity } from "@pharos/base";
import type { Origin } from "../../vehicle/model.ts";

/** A finding at a field of a document; `recommendation` replaces the register's general advice. */
export function findingAt(
  entry: CodeEntry,
  severity: Severity,
  at: Origin,
  description: string,
  recommendation: string = entry.action,
): Finding {
  return { code: entry.code, severity, path: at.path, description, recommendation, source: { document: at.document } };
}
