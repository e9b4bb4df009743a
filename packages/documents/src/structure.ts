import type { FieldSchema } from "@pharos/kinds";
import { FIELD_MISSING, FIELD_UNKNOWN, TYPE_WRONG, VALUE_REFUSED } from "./codes.ts";
import { isObject } from "./defaults.ts";
import { joinPath } from "./field-path.ts";
import { type Issue, shown } from "./issue.ts";
import { nearest } from "./nearest.ts";

/** What does not fit a schema that is no kind's: types, required and unknown fields, enums. */
export function structureIssues(schema: FieldSchema, value: unknown, path: string): readonly Issue[] {
  if (schema.type === "array") {
    const { items } = schema;
    if (!Array.isArray(value)) return [{ entry: TYPE_WRONG, path, description: `must be a list, is ${shown(value)}` }];
    return items === undefined ? [] : value.flatMap((item, index) => structureIssues(items, item, joinPath(path, index)));
  }
  if (schema.type === "object")
    return isObject(value)
      ? fieldIssues(schema, value, path)
      : [{ entry: TYPE_WRONG, path, description: `must be a map, is ${shown(value)}` }];
  if (typeof value !== schema.type) return [{ entry: TYPE_WRONG, path, description: `must be a ${schema.type}, is ${shown(value)}` }];
  if (schema.enum === undefined || schema.enum.includes(String(value))) return [];
  return [{ entry: VALUE_REFUSED, path, description: `must be ${schema.enum.join(" or ")}, is ${shown(value)}` }];
}

function fieldIssues(
  { properties = {}, required = [] }: FieldSchema,
  value: Readonly<Record<string, unknown>>,
  path: string,
): readonly Issue[] {
  const missing = required
    .filter((name) => !Object.hasOwn(value, name))
    .map((name): Issue => ({ entry: FIELD_MISSING, path: joinPath(path, name), description: `${name} is missing` }));
  const wrong = Object.entries(value).flatMap(([name, field]): readonly Issue[] => {
    const known = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (known !== undefined) return structureIssues(known, field, joinPath(path, name));
    const meant = nearest(name, Object.keys(properties));
    const recommendation =
      meant === undefined ? `remove it; the fields here are ${Object.keys(properties).join(", ")}` : `did you mean ${meant}?`;
    return [{ entry: FIELD_UNKNOWN, path: joinPath(path, name), description: `there is no field ${shown(name)} here`, recommendation }];
  });
  return [...missing, ...wrong];
}
