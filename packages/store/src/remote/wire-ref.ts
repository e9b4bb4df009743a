import type { Kind } from "@pharos/kinds";
import type { ObjectRef as WireRef } from "@pharos/rpc";
import { refusal } from "../refused.ts";
import type { ObjectRef } from "../store.ts";

export function refToWire({ kind, name, namespace = "" }: ObjectRef): WireRef {
  return { kind, name, namespace };
}

/** Unknown kinds are left to the store, which refuses them. */
export function refFromWire(ref: WireRef | undefined): ObjectRef {
  if (ref === undefined) throw refusal("request", "ref", "is missing");
  return { kind: ref.kind as Kind, name: ref.name, ...(ref.namespace === "" ? {} : { namespace: ref.namespace }) };
}
