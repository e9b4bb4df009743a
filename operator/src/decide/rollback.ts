import { documentTitle, type VehicleDocument } from "@pharos/compiler";
import type { ConfigRevision } from "@pharos/kinds";
import { type DecodedRevision, ROLLBACK_ANNOTATION, ROLLBACK_REFUSED_ANNOTATION, revisionHash } from "@pharos/store";

export type Pin = NonNullable<DecodedRevision["pin"]>;

/** Somebody asked to go back to a revision. */
export interface RollbackRequest {
  /** The ConfigRevision that carries the request. */
  readonly object: ConfigRevision;
  /** Names the request. */
  readonly id: string;
}

/** Requests that stand in this history's revisions, lowest number first. */
export function rollbackRequests(revisions: readonly ConfigRevision[], epoch: string): readonly RollbackRequest[] {
  return revisions
    .filter(({ spec }) => spec.epoch === epoch)
    .sort((a, b) => a.spec.number - b.spec.number)
    .flatMap((object) => {
      const id = object.metadata.annotations?.[ROLLBACK_ANNOTATION]?.slice(0, 253) ?? "";
      return id === "" ? [] : [{ object, id }];
    });
}

/** True when the newest revision is what the request asked for: only its mark was not removed yet. */
export function isDone({ object, id }: RollbackRequest, last: DecodedRevision | undefined): boolean {
  return last?.pin?.request === id && last.pin.number === object.spec.number;
}

/** The revision without the request; with the reason where it was refused. */
export function answered({ object, id }: RollbackRequest, refused?: string): ConfigRevision {
  const { [ROLLBACK_ANNOTATION]: _request, [ROLLBACK_REFUSED_ANNOTATION]: _former, ...rest } = object.metadata.annotations ?? {};
  const annotations = refused === undefined ? rest : { ...rest, [ROLLBACK_REFUSED_ANNOTATION]: `${id}: ${refused}`.slice(0, 1024) };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/**
 * Tells one set of documents from another by who they are and how often their specs were changed: applying an equal spec
 * again, labels and statuses make no difference.
 */
export function documentsDigest(documents: readonly VehicleDocument[]): string {
  const lines = documents.map(
    (document) => `${documentTitle(document)} ${document.metadata.uid ?? ""} ${document.metadata.generation ?? 0}`,
  );
  return revisionHash(lines.sort().join("\n"));
}
