import type { FieldSchema } from "@pharos/kinds";
import type { Segments } from "./field-path.ts";

/** The schema of the value at `segments`; undefined where the schema knows no such field. */
export function schemaAt(root: FieldSchema, segments: Segments): FieldSchema | undefined {
  let schema: FieldSchema | undefined = root;
  for (const segment of segments) {
    if (schema === undefined) return undefined;
    if (typeof segment === "number") schema = schema.items;
    else schema = fieldOf(schema, segment);
  }
  return schema;
}

function fieldOf({ properties, additionalProperties }: FieldSchema, name: string): FieldSchema | undefined {
  return properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
}
