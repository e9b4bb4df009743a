import type { Allocation, DocumentSet, RevisionContent } from "../documents.ts";
import { compareText } from "../vehicle/names.ts";

/**
 * What a revision holds: of each document only what decides (no status, no resourceVersion, no labels), all lists that have no order
 * of their own sorted. Equal documents, allocations and leases give equal content, and by `canonicalJson` equal text.
 */
export function freeze(content: RevisionContent): RevisionContent {
  const { documents, allocations, leases } = content;
  const frozen: DocumentSet = {
    nodes: documents.nodes.map(frozenForm).sort(byName),
    bridges: documents.bridges.map(frozenForm).sort(byName),
    routingConfigs: documents.routingConfigs.map(frozenForm).sort(byName),
    securityConfigs: documents.securityConfigs.map(frozenForm).sort(byName),
    serviceDeployments: documents.serviceDeployments.map(frozenForm).sort(byName),
  };
  return {
    documents: frozen,
    allocations: allocations.map(({ bridge, subnet, host, block }) => ({ bridge, subnet, host, block })).sort(byPlace),
    leases: leases
      .map(({ host, interface: name, address }) => ({ host, interface: name, address }))
      .sort((a, b) => compareText(a.host, b.host) || compareText(a.interface, b.interface)),
  };
}

interface Named {
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** What of a document goes into a revision: its names and what it says; equal documents freeze to equal content. */
export function frozenForm<D extends Named & { readonly status?: unknown }>(document: D): D {
  const { name, namespace } = document.metadata;
  const { status: _, ...rest } = document;
  return { ...rest, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } } as D;
}

function byName(a: Named, b: Named): number {
  return compareText(a.metadata.name, b.metadata.name) || compareText(a.metadata.namespace ?? "", b.metadata.namespace ?? "");
}

function byPlace(a: Allocation, b: Allocation): number {
  return compareText(a.bridge, b.bridge) || compareText(a.subnet, b.subnet) || compareText(a.host, b.host);
}
