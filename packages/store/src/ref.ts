import type { Kind, KindMap } from "@pharos/kinds";
import type { ObjectRef } from "./store.ts";

/** The name of an object as `get` takes it. */
export function refOf<K extends Kind>(object: KindMap[K]): ObjectRef<K> {
  const { name, namespace } = object.metadata as { name: string; namespace?: string };
  return { kind: object.kind as K, name, ...(namespace === undefined || namespace === "" ? {} : { namespace }) };
}

/** `Kind/name`, or `Kind/namespace/name`: unique in a store, and how findings and logs name objects. */
export function refText(ref: ObjectRef): string {
  return ref.namespace === undefined || ref.namespace === "" ? `${ref.kind}/${ref.name}` : `${ref.kind}/${ref.namespace}/${ref.name}`;
}
