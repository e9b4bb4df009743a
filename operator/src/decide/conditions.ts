import { isDeepStrictEqual } from "node:util";
import type { Finding } from "@pharos/base";
import type { Condition } from "@pharos/kinds";

/** A condition before it is known when it began. */
export type Verdict = Required<Pick<Condition, "type" | "status" | "reason" | "message">>;

/** Characters of a condition's message; etcd and readers want small objects. */
const MAX_MESSAGE = 4096;

/**
 * The conditions after these verdicts: `lastTransitionTime` moves only when status changes, conditions of other writers
 * stay. Equal verdicts give back the same conditions.
 */
export function withVerdicts(
  before: readonly Condition[],
  verdicts: readonly Verdict[],
  at: { readonly generation: number; readonly now: number },
): readonly Condition[] {
  const next = before.filter(({ type }) => !verdicts.some((verdict) => verdict.type === type));
  for (const verdict of verdicts) {
    const former = before.find(({ type }) => type === verdict.type);
    const since = former?.status === verdict.status ? former.lastTransitionTime : undefined;
    next.push({
      ...verdict,
      message: clipped(verdict.message),
      observedGeneration: at.generation,
      lastTransitionTime: since ?? new Date(at.now).toISOString().replace(/\.\d+Z$/, "Z"),
    });
  }
  const sorted = next.sort((a, b) => (a.type < b.type ? -1 : 1));
  return isDeepStrictEqual(sorted, before) ? before : sorted;
}

/** Findings as text: one line each, errors first. */
export function findingsText(findings: readonly Finding[]): string {
  const order = { ERROR: 0, WARNING: 1, INFO: 2 };
  return [...findings]
    .sort((a, b) => order[a.severity] - order[b.severity])
    .map(({ severity, code, path, description, recommendation }) => `${severity} ${code} ${path}: ${description} (${recommendation})`)
    .join("\n");
}

function clipped(text: string): string {
  return text.length <= MAX_MESSAGE ? text : `${text.slice(0, MAX_MESSAGE - 20)} … (cut)`;
}
