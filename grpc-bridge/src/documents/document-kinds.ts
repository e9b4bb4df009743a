import type { DocumentSet } from "@pharos/compiler";
import type { KindMap } from "@pharos/kinds";
import { type ObjectRef, type Reader, refOf, refText } from "@pharos/store";

/** The kinds that people write and revisions hold. */
export const DOCUMENT_KINDS = ["Node", "Bridge", "RoutingConfig", "SecurityConfig", "ServiceDeployment"] as const;
export type DocumentKind = (typeof DOCUMENT_KINDS)[number];
export type Document = KindMap[DocumentKind];

/** `Kind/name`, or `Kind/namespace/name`; unique. */
export function nameOf(document: Document): string {
  return refText(refOf(document));
}

export function isDocument(object: { readonly kind: string }): object is Document {
  return DOCUMENT_KINDS.some((kind) => kind === object.kind);
}

/** All documents of the store. */
export async function readDocuments(store: Reader): Promise<readonly Document[]> {
  const lists = await Promise.all(DOCUMENT_KINDS.map(async (kind): Promise<readonly Document[]> => (await store.list(kind)).items));
  return lists.flat();
}

/** The documents sorted into the lists that the compiler takes. */
export function documentSet(documents: readonly Document[]): DocumentSet {
  const sorted = [...documents].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  return {
    nodes: sorted.filter((document) => document.kind === "Node"),
    bridges: sorted.filter((document) => document.kind === "Bridge"),
    routingConfigs: sorted.filter((document) => document.kind === "RoutingConfig"),
    securityConfigs: sorted.filter((document) => document.kind === "SecurityConfig"),
    serviceDeployments: sorted.filter((document) => document.kind === "ServiceDeployment"),
  };
}

/** What a call would make of the live documents. */
export interface Overlay {
  /** All documents as they would be. */
  readonly after: readonly Document[];
  readonly apply: readonly Document[];
  readonly delete: readonly ObjectRef[];
}

/** Lays `given` over `live`. Live documents of the kinds in `replaced` that are not given again are deleted; all others stay. */
export function overlay(live: readonly Document[], given: readonly Document[], replaced: readonly DocumentKind[]): Overlay {
  const names = new Set(given.map(nameOf));
  const others = live.filter((document) => !names.has(nameOf(document)));
  const doomed = others.filter(({ kind }) => replaced.includes(kind));
  return {
    after: [...others.filter((document) => !doomed.includes(document)), ...given],
    apply: given,
    delete: doomed.map((document) => refOf(document)),
  };
}
