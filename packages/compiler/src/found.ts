import type { CodeEntry, Finding, Severity } from "@pharos/base";
import type { Origin } from "./vehicle/model.ts";

/** What is wrong and where; the register's advice is used unless `advice` knows better. */
export interface Contradiction {
  readonly code: CodeEntry;
  readonly at: Origin;
  /** Field below `at.path`, for example `address` or `ports[0]`. */
  readonly field?: string;
  readonly says: string;
  readonly advice?: string;
  readonly severity?: Severity;
}

/** A finding about a place in a document; an ERROR unless said otherwise. */
export function found(contradiction: Contradiction): Finding {
  const { code, at, field, says, advice, severity } = contradiction;
  return {
    code: code.code,
    severity: severity ?? "ERROR",
    path: field === undefined ? at.path : `${at.path}.${field}`,
    description: says,
    recommendation: advice ?? code.action,
    source: { document: at.document },
  };
}

/** How a finding names the other side: `Bridge/pods spec.bridges[0]`. */
export function place(at: Origin): string {
  return `${at.document} ${at.path}`;
}
