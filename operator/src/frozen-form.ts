import type { VehicleDocument } from "@pharos/compiler";

/**
 * What of a document goes into a revision: its names and its spec. Status, marks and versions stay outside, so that equal
 * documents freeze to equal content.
 */
export function frozenForm<D extends VehicleDocument>(document: D): D {
  const { apiVersion, kind, metadata, spec } = document;
  const { name, namespace } = metadata as { name: string; namespace?: string };
  return { apiVersion, kind, metadata: namespace === undefined ? { name } : { name, namespace }, spec } as D;
}
