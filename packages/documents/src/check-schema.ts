import type { FieldSchema, Kind, SchemaError } from "@pharos/kinds";
import { SCHEMAS, VALIDATORS } from "@pharos/kinds/schemas";
import { FIELD_MISSING, FIELD_UNKNOWN, NAME_REFUSED, TYPE_WRONG, VALUE_REFUSED } from "./codes.ts";
import { fieldPath, joinPath, pointerSegments, type Segments } from "./field-path.ts";
import { type Issue, shown } from "./issue.ts";
import { nearest } from "./nearest.ts";
import { schemaAt } from "./schema-at.ts";

/** What is wrong with `object` by its kind's schema; at most `limit` issues. */
export function schemaIssues(kind: Kind, object: unknown, limit: number): readonly Issue[] {
  const validate = VALIDATORS[kind];
  if (validate(object)) return [];
  return firstOfEach(validate.errors ?? [], limit).map((error) => toIssue(kind, object, error));
}

/** One error a value: a name that is too long also breaks its pattern, and saying so twice helps nobody. */
function firstOfEach(errors: readonly SchemaError[], limit: number): readonly SchemaError[] {
  const seen = new Set<string>();
  const first: SchemaError[] = [];
  for (const error of errors) {
    const about = `${error.instancePath} ${String(error.params.additionalProperty ?? error.params.missingProperty ?? "")}`;
    if (seen.has(about)) continue;
    seen.add(about);
    first.push(error);
    if (first.length === limit) break;
  }
  return first;
}

interface Place {
  readonly path: string;
  readonly value: unknown;
  /** The schema of the value; undefined for a field that no schema knows. */
  readonly schema: FieldSchema | undefined;
}

function toIssue(kind: Kind, object: unknown, error: SchemaError): Issue {
  const segments = pointerSegments(object, error.instancePath);
  const place: Place = { path: fieldPath(segments), value: valueAt(object, segments), schema: schemaAt(SCHEMAS[kind], segments) };
  switch (error.keyword) {
    case "additionalProperties":
      return unknownField(place, String(error.params.additionalProperty));
    case "required":
      return missingField(place, String(error.params.missingProperty));
    case "type":
      return wrongType(place, String(error.params.type));
    case "enum":
      return notListed(place);
    case "pattern":
      return badForm(place, segments);
    default:
      return {
        entry: VALUE_REFUSED,
        path: place.path,
        description: outside(error, place.value),
        ...hint(place.schema),
      };
  }
}

function valueAt(root: unknown, segments: Segments): unknown {
  return segments.reduce<unknown>(
    (value, segment) =>
      typeof value === "object" && value !== null ? (value as Readonly<Record<string | number, unknown>>)[segment] : undefined,
    root,
  );
}

function unknownField({ path, schema }: Place, name: string): Issue {
  const known = Object.keys(schema?.properties ?? {});
  const meant = nearest(name, known);
  return {
    entry: FIELD_UNKNOWN,
    path: joinPath(path, name),
    description: `there is no field ${shown(name)} here`,
    recommendation: meant === undefined ? `remove it; the fields here are ${known.join(", ")}` : `did you mean ${meant}?`,
  };
}

function missingField({ path, schema }: Place, name: string): Issue {
  const field = schema?.properties?.[name];
  const about = field?.description === undefined ? "" : ` (${field.description.replace(/\.$/, "")})`;
  const example = field?.example === undefined ? "" : `, for example ${name}: ${JSON.stringify(field.example)}`;
  return {
    entry: FIELD_MISSING,
    path: joinPath(path, name),
    description: `${name} is missing`,
    recommendation: `add ${name}${about}${example}`,
  };
}

function wrongType({ path, value, schema }: Place, type: string): Issue {
  return { entry: TYPE_WRONG, path, description: `must be ${withArticle(type)}, is ${typeText(value)}`, ...hint(schema) };
}

function notListed({ path, value, schema }: Place): Issue {
  const allowed = schema?.enum ?? [];
  const meant = typeof value === "string" ? nearest(value, allowed) : undefined;
  const list = allowed.join(", ");
  return {
    entry: VALUE_REFUSED,
    path,
    description: `must be ${allowed.length > 1 ? `one of ${list}` : list}, is ${shown(value)}`,
    recommendation: meant === undefined ? `use ${allowed.length > 1 ? `one of ${list}` : list}` : `did you mean ${meant}?`,
  };
}

function badForm({ path, value, schema }: Place, segments: Segments): Issue {
  if (segments[0] === "metadata")
    return { entry: NAME_REFUSED, path, description: `${shown(value)} is not a valid ${String(segments.at(-1))}` };
  return { entry: VALUE_REFUSED, path, description: `${shown(value)} does not have the form that is wanted here`, ...hint(schema) };
}

/** `is 16 characters long, at most 15 are allowed: "eth0…"`. */
function outside({ keyword, params, message }: SchemaError, value: unknown): string {
  const limit = Number(params.limit);
  switch (keyword) {
    case "minimum":
      return `must be at least ${limit}, is ${shown(value)}`;
    case "maximum":
      return `must be at most ${limit}, is ${shown(value)}`;
    case "minLength":
      return limit === 1 ? "must not be empty" : `must have at least ${limit} characters, is ${shown(value)}`;
    case "maxLength":
      return `is ${String(value).length} characters long, at most ${limit} are allowed: ${shown(value)}`;
    case "minItems":
      return limit === 1 ? "must not be empty" : `must have at least ${limit} entries`;
    case "maxItems":
    case "maxProperties":
      return `has ${Object.keys(Object(value)).length} entries, at most ${limit} are allowed`;
    default:
      return `${message ?? `breaks ${keyword}`}, is ${shown(value)}`;
  }
}

function hint(schema: FieldSchema | undefined): { readonly recommendation?: string } {
  if (schema?.description === undefined) return {};
  const example = schema.example === undefined ? "" : ` Example: ${JSON.stringify(schema.example)}`;
  return { recommendation: `${schema.description}${example}` };
}

function typeText(value: unknown): string {
  if (value === null || value === undefined) return "empty";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  return `the ${typeof value} ${shown(value)}`;
}

function withArticle(type: string): string {
  const names: Readonly<Record<string, string>> = {
    object: "a map",
    array: "a list",
    integer: "a whole number",
    string: "a string (in quotes)",
    boolean: "true or false",
  };
  return names[type] ?? type;
}
