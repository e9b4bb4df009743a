import type { Kind, KindMap } from "@pharos/kinds";
import type { DocumentSet } from "./documents.ts";

/** The kinds that people write: what a revision is frozen from. */
export const DOCUMENT_KINDS = ["Node", "Bridge", "RoutingConfig", "SecurityConfig", "ServiceDeployment"] as const;
export type DocumentKind = (typeof DOCUMENT_KINDS)[number];
/** A document that people write. */
export type VehicleDocument = KindMap[DocumentKind];

/** True for a document that people write, false for what Pharos makes. */
export function isVehicleDocument(object: KindMap[Kind]): object is VehicleDocument {
  return DOCUMENT_KINDS.some((kind) => kind === object.kind);
}

/** `Kind/name`, or `Kind/namespace/name`: how findings name documents. */
export function documentTitle({ kind, metadata }: VehicleDocument): string {
  return metadata.namespace === undefined || metadata.namespace === ""
    ? `${kind}/${metadata.name}`
    : `${kind}/${metadata.namespace}/${metadata.name}`;
}

/** The documents by kind, each list sorted by namespace, then name. */
export function documentSet(documents: readonly VehicleDocument[]): DocumentSet {
  const sorted = [...documents].sort((a, b) => (documentTitle(a) < documentTitle(b) ? -1 : 1));
  return {
    nodes: sorted.filter((document) => document.kind === "Node"),
    bridges: sorted.filter((document) => document.kind === "Bridge"),
    routingConfigs: sorted.filter((document) => document.kind === "RoutingConfig"),
    securityConfigs: sorted.filter((document) => document.kind === "SecurityConfig"),
    serviceDeployments: sorted.filter((document) => document.kind === "ServiceDeployment"),
  };
}

/** All documents of a set in one list. */
export function documentsOf(set: DocumentSet): readonly VehicleDocument[] {
  return [...set.nodes, ...set.bridges, ...set.routingConfigs, ...set.securityConfigs, ...set.serviceDeployments];
}
