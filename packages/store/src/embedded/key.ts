import { PharosError } from "@pharos/base";
import { KIND_INFO, type Kind } from "@pharos/kinds";
import { STORE_CONFLICT } from "../codes.ts";
import type { StoredObject } from "../next-object.ts";
import { refText } from "../ref.ts";
import { refusal } from "../refused.ts";
import type { ObjectRef } from "../store.ts";
import type { Key } from "./tables.ts";

/** The row that a reference names; the namespace is `default` where a namespaced kind names none. */
export function keyOf(ref: ObjectRef): Key {
  const info = KIND_INFO[ref.kind];
  if (info === undefined) throw refusal(String(ref.kind), "kind", "there is no such kind");
  return { kind: ref.kind, namespace: info.namespaced ? (ref.namespace ?? "default") : "", name: ref.name };
}

export function keyOfObject({ kind, metadata }: StoredObject): Key {
  const { name, namespace } = metadata;
  return keyOf({ kind: kind as Kind, name, ...(namespace === undefined ? {} : { namespace }) });
}

/** True when the object has a kind of ours and a name, so that it can be looked up before it is checked. */
export function isKnown(object: { readonly kind?: unknown; readonly metadata?: { readonly name?: unknown } }): boolean {
  return typeof object.kind === "string" && object.kind in KIND_INFO && typeof object.metadata?.name === "string";
}

export function refOfKey({ kind, namespace, name }: Key): ObjectRef {
  return { kind: kind as Kind, name, ...(namespace === "" ? {} : { namespace }) };
}

export function keyText(key: Key): string {
  return refText(refOfKey(key));
}

/** Throws STORE_CONFLICT when the given object was made from another version than the current one. */
export function requireVersion(current: StoredObject, given: StoredObject): void {
  const expected = given.metadata.resourceVersion;
  if (expected === undefined || expected === "" || expected === current.metadata.resourceVersion) return;
  const document = keyText(keyOfObject(current));
  throw new PharosError(STORE_CONFLICT, `${document} is at version ${current.metadata.resourceVersion}, the change is for ${expected}`);
}

/** A change set names each object once. */
export function requireDistinct(keys: readonly Key[]): void {
  const seen = new Set<string>();
  for (const key of keys.map(keyText)) {
    if (seen.has(key)) throw refusal(key, "", "is named twice in one change set");
    seen.add(key);
  }
}
