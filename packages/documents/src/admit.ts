import type { Checked, Finding } from "@pharos/base";
import { KIND_INFO, type Kind, type KindMap } from "@pharos/kinds";
import { SCHEMAS } from "@pharos/kinds/schemas";
import { listIssues } from "./check-lists.ts";
import { ruleIssues } from "./check-rules.ts";
import { schemaIssues } from "./check-schema.ts";
import { NAMESPACE_IGNORED, TYPE_WRONG } from "./codes.ts";
import { isObject, withDefaults } from "./defaults.ts";
import { type Issue, toFinding } from "./issue.ts";
import { API_VERSION, kindOf } from "./kind-of.ts";

/** An object in canonical form together with all that is wrong about it. */
export interface Admission {
  /** Canonical and whole only if no issue is an error. */
  readonly object: KindMap[Kind];
  readonly issues: readonly Issue[];
}

const MAX_ISSUES = 200;

/**
 * Brings an object of either spelling into canonical form (apiVersion `pharos.io/v1`, defaults, namespace `default` for
 * namespaced kinds, none for others) and checks schema, list keys and CEL rules. Rules about changes compare with `previous`.
 */
export function admission(object: unknown, previous?: unknown): Admission {
  if (!isObject(object)) return refused(object, [{ entry: TYPE_WRONG, path: "", description: "a document must be a map" }]);
  const kind = kindOf(object.apiVersion, object.kind);
  if (typeof kind !== "string") return refused(object, kind);
  const { metadata, issues } = placedMetadata(kind, object.metadata);
  const named = { ...object, apiVersion: API_VERSION, kind, ...(metadata === undefined ? {} : { metadata }) };
  const canonical = withDefaults(SCHEMAS[kind], named) as KindMap[Kind];
  const wrong = schemaIssues(kind, canonical, MAX_ISSUES);
  const deeper =
    wrong.length > 0 ? listIssues(kind, canonical) : [...listIssues(kind, canonical), ...ruleIssues(kind, canonical, previous)];
  return { object: canonical, issues: [...issues, ...wrong, ...deeper].slice(0, MAX_ISSUES) };
}

function refused(object: unknown, issues: readonly Issue[]): Admission {
  return { object: object as KindMap[Kind], issues };
}

function placedMetadata(kind: Kind, metadata: unknown): { readonly metadata?: unknown; readonly issues: readonly Issue[] } {
  if (!isObject(metadata)) return { ...(metadata === undefined ? {} : { metadata }), issues: [] };
  const { namespace, ...rest } = metadata;
  if (KIND_INFO[kind].namespaced) {
    const isEmpty = namespace === undefined || namespace === "";
    return { metadata: isEmpty ? { ...rest, namespace: "default" } : metadata, issues: [] };
  }
  if (namespace === undefined || namespace === "") return { metadata: rest, issues: [] };
  const description = `${kind} is a cluster-wide kind; its namespace is dropped`;
  return { metadata: rest, issues: [{ entry: NAMESPACE_IGNORED, path: "metadata.namespace", description, severity: "WARNING" }] };
}

/** `Kind/name`, or `Kind/namespace/name` for a namespaced kind; undefined while one of them is not a string. */
export function documentName(object: unknown): string | undefined {
  if (!isObject(object) || !isObject(object.metadata)) return undefined;
  const { kind } = object;
  const { name, namespace } = object.metadata;
  if (typeof kind !== "string" || typeof name !== "string") return undefined;
  return typeof namespace === "string" && namespace !== "" ? `${kind}/${namespace}/${name}` : `${kind}/${name}`;
}

/**
 * The object in canonical form, and what is wrong about it. The value may be used only if no finding is an error.
 * `previous` is the object as it is stored, for rules about changes.
 */
export function admitObject(object: unknown, previous?: unknown): Checked<KindMap[Kind]> {
  const admitted = admission(object, previous);
  const document = documentName(admitted.object);
  const source = document === undefined ? {} : { document };
  return { value: admitted.object, findings: admitted.issues.map((issue) => toFinding(issue, source)) };
}

/** What is wrong about an object of either spelling; defaults count as given. */
export function validateObject(object: unknown): readonly Finding[] {
  return admitObject(object).findings;
}
