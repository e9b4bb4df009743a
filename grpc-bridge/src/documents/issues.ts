import type { Finding } from "@pharos/base";
import type { ValidationIssue } from "@pharos/rpc";

/** Issues in one answer; a document of 20,000 bad rules does not need 20,000 issues. */
const MAX_ISSUES = 200;

/** Findings as the API tells them: errors first, then warnings, in the order found. */
export function issuesOf(findings: readonly Finding[]): readonly ValidationIssue[] {
  const ordered = (["ERROR", "WARNING", "INFO"] as const).flatMap((severity) =>
    findings.filter((finding) => finding.severity === severity),
  );
  return ordered.slice(0, MAX_ISSUES).map((finding) => ({
    path: pathOf(finding),
    description: `${finding.code} ${finding.description}${lineOf(finding)}`,
    severity: finding.severity,
    recommendation: finding.recommendation,
  }));
}

/** One sentence: the first error, and how many there are. */
export function summary(findings: readonly Finding[]): string {
  const errors = findings.filter(({ severity }) => severity === "ERROR");
  const [first] = errors;
  if (first === undefined) return "no errors";
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
  return `${first.code} ${pathOf(first)}: ${first.description}${lineOf(first)}${more}`;
}

function pathOf({ source, path }: Finding): string {
  return [source?.document, path].filter((part) => part !== undefined && part !== "").join(": ");
}

function lineOf({ source }: Finding): string {
  return source?.line === undefined ? "" : ` (line ${source.line})`;
}
