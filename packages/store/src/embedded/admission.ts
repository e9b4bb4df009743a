import { type Checked, hasErrors } from "@pharos/base";
import { KIND_INFO, type Kind } from "@pharos/kinds";
import type { StoredObject } from "../next-object.ts";
import { RefusedError, refusal } from "../refused.ts";

/**
 * Checks an object against its kind's schema and CEL rules, and fills in defaults. `previous` is the object as it is
 * stored, for rules about changes.
 */
export type Admit = (object: unknown, previous?: unknown) => Checked<object>;

/** RFC 1123 subdomain, as Kubernetes wants names of objects. */
const NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

/** The object with its defaults, ready to be stored. Throws RefusedError with all that is wrong about it. */
export function admitted(object: object, admit: Admit, previous?: StoredObject): StoredObject {
  const document = documentName(object);
  const { value, findings } = admit(object, previous);
  if (hasErrors(findings)) throw new RefusedError(document, findings);
  const stored = value as StoredObject;
  const info = KIND_INFO[stored.kind as Kind];
  if (info === undefined) throw refusal(document, "kind", `there is no kind ${String(stored.kind)}`);
  if (!NAME.test(stored.metadata?.name ?? "")) throw refusal(document, "metadata.name", "must be an RFC 1123 subdomain");
  return info.namespaced ? inNamespace(stored, stored.metadata.namespace ?? "default") : withoutNamespace(stored);
}

function inNamespace(object: StoredObject, namespace: string): StoredObject {
  return { ...object, metadata: { ...object.metadata, namespace } };
}

function withoutNamespace(object: StoredObject): StoredObject {
  const { namespace: _dropped, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function documentName(object: object): string {
  const { kind, metadata } = object as Partial<StoredObject>;
  return `${String(kind ?? "object")}/${String(metadata?.name ?? "without a name")}`;
}
