import type { Checked } from "@pharos/base";
import { DOCUMENT_TOO_LARGE } from "./codes.ts";
import { toFinding } from "./issue.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import { readYaml } from "./read-yaml.ts";

/** The YAML documents of a text as plain values, whatever their kind, under the same limits as `parseDocuments`; never throws for bad text. */
export function readValues(text: string, changed: Partial<Limits> = {}): Checked<readonly unknown[]> {
  const limits = { ...DEFAULT_LIMITS, ...changed };
  if (new TextEncoder().encode(text).length > limits.bytes) {
    return {
      value: [],
      findings: [toFinding({ entry: DOCUMENT_TOO_LARGE, path: "", description: `is longer than ${limits.bytes} bytes` }, {})],
    };
  }
  const { documents, issues } = readYaml(text, limits);
  const all = [...documents.flatMap((document) => document.issues), ...issues];
  return { value: documents.map(({ value }) => value), findings: all.map((issue) => toFinding(issue, { line: issue.line })) };
}
