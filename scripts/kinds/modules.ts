// TypeScript modules besides the types: table of kinds, schemas, CEL rules, validators.
import { Ajv } from "ajv";
import standalone from "ajv/dist/standalone/index.js";
import type { CelRule, KindDefinition, Schema } from "./crd.ts";
import { METADATA, UNREAD_METADATA } from "./metadata.ts";

const HEADER = "// Made by scripts/generate-kinds.ts from crds/. Do not edit.";

export function kindsModule(kinds: readonly KindDefinition[]): string {
  const info = kinds.map(
    ({ kind, plural, singular, shortName, namespaced, specificationKind }) =>
      `  ${kind}: ${JSON.stringify({ plural, singular, shortName, namespaced }).replace("}", "")},"specificationKind":${JSON.stringify(specificationKind)}},`,
  );
  return [
    HEADER,
    ...kinds.map(({ kind }) => `import type { ${kind} } from "./${fileOf(kind)}";`),
    "",
    "/** Each kind's type by its name. */",
    "export interface KindMap {",
    ...kinds.map(({ kind }) => `  readonly ${kind}: ${kind};`),
    "}",
    "",
    "export type Kind = keyof KindMap;",
    "",
    "export interface KindInfo {",
    "  /** Lower-case plural, as in URLs and `kubectl get`. */",
    "  readonly plural: string;",
    "  readonly singular: string;",
    "  readonly shortName: string;",
    "  readonly namespaced: boolean;",
    "  /** How the specification spells the kind; undefined for kinds that it does not have. */",
    "  readonly specificationKind: string | undefined;",
    "}",
    "",
    "/** What programs need to know about each kind; in the order in which documents are best read. */",
    "export const KIND_INFO: Readonly<Record<Kind, KindInfo>> = {",
    ...info,
    "};",
    "",
  ].join("\n");
}

export function fileOf(kind: string): string {
  return `${kind.replace(/(?<=.)([A-Z])/g, "-$1").toLowerCase()}.ts`;
}

/** Whole schema of a kind as documents meet it: metadata included, unknown fields refused. */
export function rootSchema({ kind, description, spec, status }: KindDefinition): Schema {
  return {
    type: "object",
    description,
    required: ["apiVersion", "kind", "metadata", "spec"],
    properties: {
      apiVersion: { type: "string", description: "Group and version.", enum: ["pharos.io/v1"] },
      kind: { type: "string", description: "Kind of the document.", enum: [kind] },
      metadata: METADATA,
      spec,
      status,
    },
  };
}

export function schemasModule(kinds: readonly KindDefinition[]): string {
  const entries = kinds.map((definition) => `  ${definition.kind}: ${JSON.stringify(withoutRules(rootSchema(definition)))},`);
  return [
    HEADER,
    `import type { FieldSchema } from "../field-schema.ts";`,
    `import type { Kind } from "./kinds.ts";`,
    "",
    "/** Each kind's schema: what defaults, suggestions and hints are taken from. Validation is `VALIDATORS`. */",
    "export const SCHEMAS: Readonly<Record<Kind, FieldSchema>> = {",
    ...entries,
    "};",
    "",
  ].join("\n");
}

function withoutRules(schema: Schema): object {
  return JSON.parse(JSON.stringify(schema, (key, value) => (key === "x-kubernetes-validations" ? undefined : value)));
}

/** A rule and the objects that it is about: `spec.socs[].interfaces[]`. */
export interface PlacedRule extends CelRule {
  readonly path: string;
}

export function rulesOf(schema: Schema, path: string): PlacedRule[] {
  const own = (schema["x-kubernetes-validations"] ?? []).map(({ rule, message, fieldPath, reason }) => ({
    path,
    rule,
    message,
    ...(fieldPath === undefined ? {} : { fieldPath }),
    ...(reason === undefined ? {} : { reason }),
  }));
  const fields = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => rulesOf(field, path === "" ? name : `${path}.${name}`));
  return [...own, ...fields, ...(schema.items === undefined ? [] : rulesOf(schema.items, `${path}[]`))];
}

export function celModule(kinds: readonly KindDefinition[]): string {
  const entries = kinds.map((definition) => {
    const rules = rulesOf(rootSchema(definition), "").map((rule) => `    ${JSON.stringify(rule)},`);
    return rules.length === 0 ? `  ${definition.kind}: [],` : [`  ${definition.kind}: [`, ...rules, "  ],"].join("\n");
  });
  return [
    HEADER,
    `import type { CelRule } from "../field-schema.ts";`,
    `import type { Kind } from "./kinds.ts";`,
    "",
    "/** Each kind's CEL rules, as the API server has them. */",
    "export const CEL_RULES: Readonly<Record<Kind, readonly CelRule[]>> = {",
    ...entries,
    "};",
    "",
  ].join("\n");
}

/** Schemas of nested objects by their text: equal ones become one function of the validators. */
type Shared = Map<string, { readonly id: string; readonly schema: object }>;

function sharing(schema: object, shared: Shared): object {
  const text = JSON.stringify(schema);
  const known = shared.get(text) ?? { id: `Shared${shared.size}`, schema };
  shared.set(text, known);
  return { $ref: known.id };
}

/** JSON Schema for ajv: only what decides, unknown fields refused everywhere. */
function decisive(schema: Schema, path: string, shared: Shared): object {
  const { description: _d, example: _e, default: _f, properties, items, additionalProperties, ...rest } = schema;
  const kept = Object.fromEntries(Object.entries(rest).filter(([key]) => !key.startsWith("x-")));
  const fields = Object.entries(properties ?? {}).map(([name, field]) => [name, decisive(field, `${path}.${name}`, shared)]);
  const unread = path === ".metadata" ? UNREAD_METADATA.map((name) => [name, {}]) : [];
  const whole = {
    ...kept,
    ...(properties === undefined ? {} : { properties: Object.fromEntries([...fields, ...unread]), additionalProperties: false }),
    ...(additionalProperties === undefined ? {} : { additionalProperties: decisive(additionalProperties, `${path}.*`, shared) }),
    ...(items === undefined ? {} : { items: decisive(items, `${path}[]`, shared) }),
  };
  return properties === undefined || path === "" ? whole : sharing(whole, shared);
}

export function validatorsModule(kinds: readonly KindDefinition[]): string {
  // `unicode: false` counts UTF-16 units: the exact count would need a run-time import from ajv.
  const ajv = new Ajv({
    allErrors: true,
    strict: true,
    strictTypes: false,
    unicode: false,
    logger: false,
    inlineRefs: false,
    code: { source: true, esm: true },
  });
  const shared: Shared = new Map();
  for (const definition of kinds) ajv.addSchema(decisive(rootSchema(definition), "", shared), definition.kind);
  for (const { id, schema } of shared.values()) ajv.addSchema(schema, id);
  const code = standalone.default(ajv, Object.fromEntries(kinds.map(({ kind }) => [`validate${kind}`, kind])));
  if (code.includes("require(")) throw new Error("ajv's code needs a run-time import: a keyword in crds/ has to be avoided");
  return [HEADER, "// @ts-nocheck", code, ""].join("\n");
}
