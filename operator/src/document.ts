import type { DocumentSet } from "@pharos/compiler";
import type { Bridge, Node, RoutingConfig, SecurityConfig, ServiceDeployment } from "@pharos/kinds";
import { refOf, refText } from "@pharos/store";

/** The kinds that people write: what a revision is frozen from. */
export const DOCUMENT_KINDS = ["Node", "Bridge", "RoutingConfig", "SecurityConfig", "ServiceDeployment"] as const;

export type VehicleDocument = Node | Bridge | RoutingConfig | SecurityConfig | ServiceDeployment;

/** `Kind/name`, or `Kind/namespace/name`: how findings name documents. */
export function documentName(document: VehicleDocument): string {
  return refText(refOf(document));
}

/** The documents by kind, each list sorted by namespace, then name. */
export function documentSet(documents: readonly VehicleDocument[]): DocumentSet {
  const sorted = [...documents].sort((a, b) => (documentName(a) < documentName(b) ? -1 : 1));
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

/**
 * What of a document goes into a revision: its names and its spec. Status, marks and versions stay outside, so that equal
 * documents freeze to equal content.
 */
export function frozenForm<D extends VehicleDocument>(document: D): D {
  const { apiVersion, kind, metadata, spec } = document;
  const { name, namespace } = metadata as { name: string; namespace?: string };
  return { apiVersion, kind, metadata: namespace === undefined ? { name } : { name, namespace }, spec } as D;
}
