import { readFileSync } from "node:fs";
import type { DocumentSet } from "@pharos/compiler";
import type { Node } from "@pharos/kinds";
import { parseAllDocuments } from "yaml";

const FOLDER = new URL("../../../docs/examples/vehicle/", import.meta.url);
const FILES = ["node.yaml", "bridge.yaml", "routing.yaml"];

/** The documents of docs/examples/vehicle, unchecked, each call a fresh copy; `edit` may change the Node document. */
export function exampleDocuments(edit: (node: Node) => void = () => {}): DocumentSet {
  const documents = documentsOf(FILES.map((file) => readFileSync(new URL(file, FOLDER), "utf8")).join("\n---\n"));
  for (const node of documents.nodes) edit(node);
  return documents;
}

/** Documents in the specification's spelling as a set. A test's shortcut around packages/documents: no validation, no defaults. */
export function documentsOf(yaml: string): DocumentSet {
  const all = parseAllDocuments(yaml).flatMap((document) => ("toJS" in document ? [document.toJS()] : []));
  const of = (kind: string) =>
    all
      .filter((document) => String(document.kind).toLowerCase() === kind)
      .map((document) => ({
        ...document,
        apiVersion: "pharos.io/v1",
        kind: document.kind.charAt(0).toUpperCase() + document.kind.slice(1),
      }))
      .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  return {
    nodes: of("node"),
    bridges: of("bridge"),
    routingConfigs: of("routingconfig"),
    securityConfigs: of("securityconfig"),
    serviceDeployments: of("servicedeployment"),
  };
}
