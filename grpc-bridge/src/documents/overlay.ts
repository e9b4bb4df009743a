import { DOCUMENT_KINDS, type DocumentKind, documentTitle, type VehicleDocument } from "@pharos/compiler";
import { type ObjectRef, type Reader, refOf } from "@pharos/store";

/** All documents of the store. */
export async function readDocuments(store: Reader): Promise<readonly VehicleDocument[]> {
  const lists = await Promise.all(DOCUMENT_KINDS.map(async (kind): Promise<readonly VehicleDocument[]> => (await store.list(kind)).items));
  return lists.flat();
}

/** What a call would make of the live documents. */
export interface Overlay {
  /** All documents as they would be. */
  readonly after: readonly VehicleDocument[];
  readonly apply: readonly VehicleDocument[];
  readonly delete: readonly ObjectRef[];
}

/** Lays `given` over `live`. Live documents of the kinds in `replaced` that are not given again are deleted; all others stay. */
export function overlay(live: readonly VehicleDocument[], given: readonly VehicleDocument[], replaced: readonly DocumentKind[]): Overlay {
  const names = new Set(given.map(documentTitle));
  const others = live.filter((document) => !names.has(documentTitle(document)));
  const doomed = others.filter(({ kind }) => replaced.includes(kind));
  return {
    after: [...others.filter((document) => !doomed.includes(document)), ...given],
    apply: given,
    delete: doomed.map((document) => refOf(document)),
  };
}
