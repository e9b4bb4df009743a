import type { Finding } from "@pharos/base";
import { DOCUMENT_KINDS, documentsOf, type VehicleDocument } from "@pharos/compiler";
import type { Kind } from "@pharos/kinds";
import type { DecodedRevision } from "@pharos/store";
import { OPERATOR_KIND_UNREADABLE } from "../codes.ts";

/** A kind that the store does not let us follow: a right or the definition is missing. */
export interface KindProblem {
  readonly kind: Kind;
  readonly reason: "Denied" | "KindMissing";
  /** The store's error in words, with what to do. */
  readonly message: string;
  /** False while the kind was never listed: what there is of it is unknown. */
  readonly known: boolean;
}

/** Kinds without which a revision can still be made from what the last one holds. */
const DISPENSABLE: readonly Kind[] = ["ServiceRegistration"];

/**
 * Why no revision can be made. A document kind that cannot be read must not look like one without documents: what the
 * documents forbid would be allowed. So it goes on as the last revision has it, and nothing is made where there is none.
 */
export function blindness(problems: readonly KindProblem[], last: DecodedRevision | undefined): readonly Finding[] {
  const unknown = problems.filter(({ kind, known }) => !known && !DISPENSABLE.includes(kind));
  const fatal = unknown.filter(({ kind }) => kind === "ConfigRevision" || last === undefined);
  return fatal.map(({ kind, message }) => {
    const { code, action } = OPERATOR_KIND_UNREADABLE;
    return { code, severity: "ERROR", path: "", description: `${kind} objects cannot be read: ${message}`, recommendation: action };
  });
}

/** What stands for documents of kinds that cannot be read. */
export function standIns(problems: readonly KindProblem[], last: DecodedRevision | undefined): readonly VehicleDocument[] {
  const kinds = new Set(problems.filter(({ known }) => !known).map(({ kind }) => kind));
  const frozen = last === undefined ? [] : documentsOf(last.content.documents);
  return frozen.filter(({ kind }) => kinds.has(kind));
}

/** True when documents of some kind are not known as they are now. */
export function hidesDocuments(problems: readonly KindProblem[]): boolean {
  return problems.some(({ kind, known }) => !known && DOCUMENT_KINDS.some((each) => each === kind));
}
