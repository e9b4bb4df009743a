import { type Finding, PharosError } from "@pharos/base";
import { STORE_INVALID } from "./codes.ts";

/** STORE_INVALID together with what was found. */
export class RefusedError extends PharosError {
  readonly findings: readonly Finding[];

  constructor(document: string, findings: readonly Finding[]) {
    const lines = findings.filter(({ severity }) => severity === "ERROR").map(({ path, description }) => `${path}: ${description}`);
    super(
      STORE_INVALID,
      `${document} is refused: ${lines.slice(0, 5).join("; ")}${lines.length > 5 ? `; and ${lines.length - 5} more` : ""}`,
    );
    this.findings = findings;
  }
}

/** A refusal by the store itself, not by the kind's schema. */
export function refusal(document: string, path: string, description: string): RefusedError {
  const { code, action } = STORE_INVALID;
  return new RefusedError(document, [{ code, severity: "ERROR", path, description, recommendation: action, source: { document } }]);
}
