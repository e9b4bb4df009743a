// TypeScript types of the kinds.
import { isDeepStrictEqual } from "node:util";
import type { KindDefinition, Schema } from "./crd.ts";

/** Names of nested objects that would read badly if they were made from the path. */
const NAMES: Readonly<Record<string, string>> = {
  "Node.spec.cloud[].interfaces[]": "NodeCloudInterface",
  "Node.spec.cloud[]": "NodeCloud",
  "Bridge.spec.bridges[]": "BridgeSpecEntry",
  "RoutingConfig.spec.routingInfo[]": "RoutingInfo",
  "RoutingConfig.spec.routingInfo[].rules[]": "ForwardRule",
  "SecurityConfig.spec.security": "Security",
  "SecurityConfig.spec.security.packet_filter": "PacketFilter",
  "SecurityConfig.spec.security.packet_filter.rules[]": "PacketFilterRule",
  "SecurityConfig.spec.security.whitelist": "Whitelist",
  "SecurityConfig.spec.security.tls": "SecurityTls",
  "SecurityConfig.spec.security.cloud_feeding": "CloudFeeding",
  "ServiceDeployment.spec.services[]": "DeployedService",
  "HostReport.status.revision": "ReportedRevision",
  "HostReport.status.rejected[]": "ReportedRejection",
  "HostReport.status.findings[]": "ReportedFinding",
  "HostReport.status.blocks[]": "ReportedBlock",
  "HostReport.status.interfaces[]": "ReportedInterface",
  "HostReport.status.features": "HostFeatures",
  "PodNetwork.spec.pod": "PodReference",
};

const SHARED = "Condition";

interface Declaration {
  readonly schema: Schema;
  readonly text: string;
}

/** The module that declares one kind, and the names that it exports. */
export interface TypeModule {
  readonly text: string;
  readonly exports: readonly string[];
}

export function kindModule(definition: KindDefinition): TypeModule {
  const { kind, description } = definition;
  const declarations = new Map<string, Declaration>();
  declare(`${kind}Status`, definition.status, `${kind}.status`, declarations);
  declare(`${kind}Spec`, definition.spec, `${kind}.spec`, declarations);
  declarations.delete(SHARED);
  const text = [
    "// Made by scripts/generate-kinds.ts from crds/. Do not edit.",
    `import type { Condition, ObjectMeta } from "./object.ts";`,
    "",
    `/** ${description} */`,
    `export interface ${kind} {`,
    `  readonly apiVersion: "pharos.io/v1";`,
    `  readonly kind: "${kind}";`,
    "  readonly metadata: ObjectMeta;",
    `  readonly spec: ${kind}Spec;`,
    `  readonly status?: ${kind}Status;`,
    "}",
    "",
    ...[...declarations.values()].reverse().map((declaration) => `${declaration.text}\n`),
  ].join("\n");
  return { text, exports: [kind, ...[...declarations.keys()].reverse()] };
}

/** The module of what all kinds share, taken from the first kind's conditions. */
export function objectModule(definition: KindDefinition, metadata: Schema): string {
  const condition = definition.status.properties?.conditions?.items;
  if (condition === undefined) throw new Error(`${definition.kind} has no conditions`);
  const declarations = new Map<string, Declaration>();
  declare(SHARED, condition, "Condition", declarations);
  declare("ObjectMeta", metadata, "ObjectMeta", declarations);
  const texts = [...declarations.values()].map(({ text }) => `${text}\n`);
  return ["// Made by scripts/generate-kinds.ts from crds/. Do not edit.", "", ...texts].join("\n");
}

function declare(name: string, schema: Schema, path: string, into: Map<string, Declaration>): string {
  const known = into.get(name);
  if (known !== undefined) {
    if (!isDeepStrictEqual(known.schema, schema)) throw new Error(`${path}: a different ${name} exists; give one of them a name in NAMES`);
    return name;
  }
  const kind = path.split(".")[0] ?? "";
  const fields = Object.entries(schema.properties ?? {}).map(([field, value]) => {
    const present = value.default !== undefined || schema.required?.includes(field) === true;
    return `${comment(value, "  ")}  readonly ${field}${present ? "" : "?"}: ${typeOf(value, { kind, path: `${path}.${field}`, field }, into)};`;
  });
  const description = schema.description === undefined ? "" : comment(schema, "");
  into.set(name, { schema, text: `${description}export interface ${name} {\n${fields.join("\n")}\n}` });
  return name;
}

interface Place {
  readonly kind: string;
  readonly path: string;
  readonly field: string;
}

function typeOf(schema: Schema, place: Place, into: Map<string, Declaration>): string {
  switch (schema.type) {
    case "string":
      return schema.enum === undefined ? "string" : schema.enum.map((value) => JSON.stringify(value)).join(" | ");
    case "integer":
      return "number";
    case "boolean":
      return "boolean";
    case "array": {
      const item = typeOf(schema.items ?? { type: "string" }, { ...place, path: `${place.path}[]`, field: singular(place.field) }, into);
      return item.includes(" ") ? `readonly (${item})[]` : `readonly ${item}[]`;
    }
    case "object":
      if (schema.additionalProperties !== undefined) return `Readonly<Record<string, ${typeOf(schema.additionalProperties, place, into)}>>`;
      return declare(nameOf(place), schema, place.path, into);
  }
}

function nameOf({ kind, path, field }: Place): string {
  if (path.endsWith(".conditions[]")) return SHARED;
  return NAMES[path] ?? `${kind}${field.charAt(0).toUpperCase()}${field.slice(1)}`;
}

function singular(field: string): string {
  return field.endsWith("ses") ? field.slice(0, -2) : field.replace(/s$/, "");
}

function comment({ description, example, default: fallback }: Schema, indent: string): string {
  const parts = [
    description ?? "",
    example === undefined ? "" : ` Example: ${JSON.stringify(example)}.`,
    fallback === undefined ? "" : ` Default: ${JSON.stringify(fallback)}.`,
  ];
  return `${indent}/** ${parts.join("")} */\n`;
}
