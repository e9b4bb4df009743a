import type { FieldSchema } from "@pharos/kinds";

type Fields = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The value with the schema's defaults in place of missing fields, as the API server does it: only inside objects that
 * are there. What is not of the schema's type stays as it is. The given value is not changed.
 */
export function withDefaults(schema: FieldSchema, value: unknown): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? value : value.map((item) => withDefaults(items, item));
  }
  const { properties } = schema;
  if (properties === undefined || !isObject(value)) return value;
  const kept = Object.entries(value).map(([name, field]): [string, unknown] => {
    const known = Object.hasOwn(properties, name) ? properties[name] : undefined;
    return [name, known === undefined ? field : withDefaults(known, field)];
  });
  const added = Object.entries(properties).flatMap(([name, field]): [string, unknown][] =>
    field.default === undefined || Object.hasOwn(value, name) ? [] : [[name, withDefaults(field, field.default)]],
  );
  return Object.fromEntries([...kept, ...added]);
}

/** The value without fields that say only what their default says; `withDefaults` undoes it. */
export function withoutDefaults(schema: FieldSchema, value: unknown): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? value : value.map((item) => withoutDefaults(items, item));
  }
  const { properties } = schema;
  if (properties === undefined || !isObject(value)) return value;
  const kept = Object.entries(value).flatMap(([name, field]): [string, unknown][] => {
    const known = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (known === undefined) return [[name, field]];
    return known.default !== undefined && known.default === field ? [] : [[name, withoutDefaults(known, field)]];
  });
  return Object.fromEntries(kept);
}
