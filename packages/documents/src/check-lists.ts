import type { FieldSchema, Kind } from "@pharos/kinds";
import { SCHEMAS } from "@pharos/kinds/schemas";
import { ENTRY_TWICE } from "./codes.ts";
import { isObject } from "./defaults.ts";
import { joinPath } from "./field-path.ts";
import { type Issue, shown } from "./issue.ts";

/** Entries that occur twice in lists whose entries have keys (list types map and set of the API server). */
export function listIssues(kind: Kind, object: unknown): readonly Issue[] {
  return issuesOf(SCHEMAS[kind], object, "");
}

function issuesOf(schema: FieldSchema, value: unknown, path: string): readonly Issue[] {
  if (Array.isArray(value)) {
    const { items } = schema;
    const nested = items?.properties === undefined ? [] : value.flatMap((item, index) => issuesOf(items, item, joinPath(path, index)));
    return [...repeated(schema, value, path), ...nested];
  }
  if (!isObject(value) || schema.properties === undefined) return [];
  return Object.entries(schema.properties).flatMap(([name, field]) =>
    Object.hasOwn(value, name) ? issuesOf(field, value[name], joinPath(path, name)) : [],
  );
}

function repeated(schema: FieldSchema, list: readonly unknown[], path: string): readonly Issue[] {
  const keys = schema["x-kubernetes-list-map-keys"];
  if (keys === undefined && schema["x-kubernetes-list-type"] !== "set") return [];
  const seen = new Map<string, number>();
  return list.flatMap((item, index) => {
    const identity = keys === undefined ? item : keys.map((key) => (isObject(item) ? item[key] : undefined));
    const text = JSON.stringify(identity) ?? "";
    const first = seen.get(text);
    if (first === undefined) {
      seen.set(text, index);
      return [];
    }
    const name = Array.isArray(identity) && identity.length === 1 ? identity[0] : identity;
    const field = keys?.length === 1 && keys[0] !== undefined ? joinPath(joinPath(path, index), keys[0]) : joinPath(path, index);
    return [{ entry: ENTRY_TWICE, path: field, description: `${shown(name)} is also at ${joinPath(path, first)}` }];
  });
}
