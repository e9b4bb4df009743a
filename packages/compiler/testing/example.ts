import { readFileSync } from "node:fs";
import type { DocumentSet } from "@pharos/compiler";
import type { FieldSchema, Kind } from "@pharos/kinds";
import { SCHEMAS } from "@pharos/kinds/schemas";
import { parseAllDocuments } from "yaml";

const FOLDER = new URL("../../../docs/examples/vehicle/", import.meta.url);
const FILES = ["node.yaml", "bridge.yaml", "routing.yaml"];

/** The documents of docs/examples/vehicle with defaults filled in; `edit` may change their text. */
export function exampleDocuments(edit: (yaml: string) => string = (yaml) => yaml): DocumentSet {
  return documentsOf(edit(FILES.map((file) => readFileSync(new URL(file, FOLDER), "utf8")).join("\n---\n")));
}

/** Documents in the specification's spelling as a set, with defaults. A test's shortcut around packages/documents: nothing is validated. */
export function documentsOf(yaml: string): DocumentSet {
  const all = parseAllDocuments(yaml).flatMap((document) => ("toJS" in document ? [document.toJS()] : []));
  const of = (kind: Kind) =>
    all
      .filter((document) => String(document.kind).toLowerCase() === kind.toLowerCase())
      .map((document) => withDefaults(SCHEMAS[kind], { ...document, apiVersion: "pharos.io/v1", kind }))
      .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  return {
    nodes: of("Node"),
    bridges: of("Bridge"),
    routingConfigs: of("RoutingConfig"),
    securityConfigs: of("SecurityConfig"),
    serviceDeployments: of("ServiceDeployment"),
  };
}

// biome-ignore lint/suspicious/noExplicitAny: test data of every kind goes through here
function withDefaults(schema: FieldSchema, value: any): any {
  if (Array.isArray(value)) return value.map((item) => (schema.items === undefined ? item : withDefaults(schema.items, item)));
  if (typeof value !== "object" || value === null) return value;
  const filled = { ...value };
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    if (filled[name] === undefined && field.default !== undefined) filled[name] = field.default;
    else if (filled[name] !== undefined) filled[name] = withDefaults(field, filled[name]);
  }
  return filled;
}
