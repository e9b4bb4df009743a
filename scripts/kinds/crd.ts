// Reads crds/*.yaml into what the generators need.
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

export interface CelRule {
  readonly rule: string;
  readonly message: string;
  readonly fieldPath?: string;
  readonly reason?: string;
}

/** A node of an OpenAPI v3 schema, as far as our CRDs use it. */
export interface Schema {
  readonly type: "object" | "array" | "string" | "integer" | "boolean";
  readonly description?: string;
  readonly example?: unknown;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxLength?: number;
  readonly "x-kubernetes-list-type"?: "map" | "set" | "atomic";
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-validations"?: readonly CelRule[];
}

export interface KindDefinition {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortName: string;
  readonly namespaced: boolean;
  /** How the specification spells the kind; undefined for kinds that it does not have. */
  readonly specificationKind: string | undefined;
  readonly description: string;
  readonly spec: Schema;
  readonly status: Schema;
}

interface CustomResourceDefinition {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly scope: "Cluster" | "Namespaced";
    readonly names: { readonly kind: string; readonly plural: string; readonly singular: string; readonly shortNames: readonly string[] };
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
}

/** The kinds in the order in which design and documents name them: first those of the specification. */
const ORDER = [
  "Node",
  "Bridge",
  "RoutingConfig",
  "SecurityConfig",
  "ServiceDeployment",
  "ConfigRevision",
  "HostReport",
  "PodNetwork",
  "ServiceRegistration",
];

/** All kinds of `folder`. Throws when a file is not one of our CRDs, or one is missing. */
export function readKinds(folder: string): readonly KindDefinition[] {
  const found = globSync("*.yaml", { cwd: folder }).map((file) => toDefinition(file, readFileSync(join(folder, file), "utf8")));
  const kinds = ORDER.map((kind) => {
    const definition = found.find((each) => each.kind === kind);
    if (definition === undefined) throw new Error(`${folder} has no CRD for ${kind}`);
    return definition;
  });
  if (found.length !== kinds.length) throw new Error(`${folder} holds ${found.length} CRDs, ${kinds.length} are known`);
  return kinds;
}

function toDefinition(file: string, text: string): KindDefinition {
  const { metadata, spec } = parse(text) as CustomResourceDefinition;
  const version = spec.versions.find(({ name }) => name === "v1");
  const root = version?.schema.openAPIV3Schema;
  const { spec: specSchema, status } = root?.properties ?? {};
  const shortName = spec.names.shortNames[0];
  if (root === undefined || specSchema === undefined || status === undefined || shortName === undefined) {
    throw new Error(`${file}: version v1 with spec, status and a short name expected`);
  }
  requireDescriptions(file, "spec", specSchema);
  requireDescriptions(file, "status", status);
  return {
    kind: spec.names.kind,
    plural: spec.names.plural,
    singular: spec.names.singular,
    shortName,
    namespaced: spec.scope === "Namespaced",
    specificationKind: metadata.annotations?.["pharos.io/specification-kind"],
    description: root.description ?? "",
    spec: specSchema,
    status,
  };
}

/** Each field has a description, each list a bound: the reference and the API server's cost estimate live on them. */
function requireDescriptions(file: string, path: string, schema: Schema): void {
  if (schema.description === undefined) throw new Error(`${file}: ${path} has no description`);
  for (const [name, field] of Object.entries(schema.properties ?? {})) requireDescriptions(file, `${path}.${name}`, field);
  if (schema.type !== "array") return;
  if (schema.maxItems === undefined) throw new Error(`${file}: ${path} has no maxItems`);
  for (const [name, field] of Object.entries(schema.items?.properties ?? {})) requireDescriptions(file, `${path}[].${name}`, field);
}
