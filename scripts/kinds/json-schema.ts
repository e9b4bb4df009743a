// JSON Schemas for editors, in kubectl's and in the specification's spelling.
import type { KindDefinition, Schema } from "./crd.ts";
import { rootSchema } from "./modules.ts";

const DIALECT = "https://json-schema.org/draft/2020-12/schema";

function forEditors(schema: Schema): object {
  const { example, properties, items, additionalProperties, ...rest } = schema;
  return {
    ...Object.fromEntries(Object.entries(rest).filter(([key]) => !key.startsWith("x-"))),
    ...(example === undefined ? {} : { examples: [example] }),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, forEditors(field)])),
          additionalProperties: false,
        }),
    ...(additionalProperties === undefined ? {} : { additionalProperties: forEditors(additionalProperties) }),
    ...(items === undefined ? {} : { items: forEditors(items) }),
  };
}

interface Spelling {
  readonly apiVersion: string;
  readonly kind: string;
}

function document(definition: KindDefinition, { apiVersion, kind }: Spelling): object {
  const root = rootSchema(definition);
  const named: Schema = {
    ...root,
    properties: {
      ...root.properties,
      apiVersion: { type: "string", description: "Group and version.", enum: [apiVersion] },
      kind: { type: "string", description: "Kind of the document.", enum: [kind] },
    },
  };
  return forEditors(named);
}

const json = (value: object): string => `${JSON.stringify(value, null, 1)}\n`;

function spellings(definition: KindDefinition): readonly (Spelling & { readonly folder: string })[] {
  const kubectl = { folder: "kubectl", apiVersion: "pharos.io/v1", kind: definition.kind };
  const { specificationKind } = definition;
  return specificationKind === undefined ? [kubectl] : [kubectl, { folder: "specification", apiVersion: "v1", kind: specificationKind }];
}

/** Paths below docs/reference/schema, and their texts. */
export function editorSchemas(kinds: readonly KindDefinition[]): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const all = kinds.flatMap((definition) => spellings(definition).map((spelling) => ({ definition, spelling })));
  for (const { definition, spelling } of all) {
    const title = `${spelling.kind} (${spelling.apiVersion})`;
    files.set(
      `${spelling.folder}/${definition.kind.toLowerCase()}.schema.json`,
      json({ $schema: DIALECT, title, ...document(definition, spelling) }),
    );
  }
  files.set("vehicle.schema.json", json(anyKind(all)));
  return files;
}

/** Chooses by `kind`, so that an editor reports the errors of that kind only. */
function anyKind(all: readonly { readonly definition: KindDefinition; readonly spelling: Spelling }[]): object {
  return {
    $schema: DIALECT,
    title: "Any document of Pharos, in either spelling",
    type: "object",
    required: ["apiVersion", "kind", "metadata", "spec"],
    properties: {
      apiVersion: { enum: ["pharos.io/v1", "v1"] },
      kind: { enum: all.map(({ spelling }) => spelling.kind) },
    },
    allOf: all.map(({ spelling }) => ({
      if: { properties: { kind: { const: spelling.kind } }, required: ["kind"] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { $ref: `#/$defs/${spelling.kind}` },
    })),
    $defs: Object.fromEntries(all.map(({ definition, spelling }) => [spelling.kind, document(definition, spelling)])),
  };
}
