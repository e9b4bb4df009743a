import type { Finding } from "@pharos/base";

/** Findings as a test compares them: one line each. */
export function findingLines(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ severity, code, source, path, description }) => {
    const where = source?.document === undefined ? path : `${source.document} ${path}`;
    return `${severity} ${code} ${where}: ${description}`;
  });
}
