import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { lineOf } from "./document-parts.ts";
import { parseDocuments } from "./parse-documents.ts";

const EXAMPLES = join(import.meta.dirname, "../../../docs/examples");

const told = (text: string): readonly string[] =>
  parseDocuments(text, { file: "f.yaml" }).findings.map(
    ({ code, severity, path, description, recommendation, source }) =>
      `${source?.line} ${source?.document ?? "?"} ${path} ${severity} ${code.slice(7)} ${description}; ${recommendation}`,
  );

describe("parseDocuments", () => {
  test.each(globSync("specification/*.yaml", { cwd: EXAMPLES }))("takes %s of the specification as it is", (file) => {
    const { documents, findings } = parseDocuments(readFileSync(join(EXAMPLES, file)), { file });
    expect(findings).toEqual([]);
    expect(documents).toHaveLength(1);
    expect(documents[0]?.object.apiVersion).toBe("pharos.io/v1");
  });

  test("brings both spellings to the same object, with defaults and namespace", () => {
    const body = "metadata: {name: s}\nspec: {services: [{name: fusion, node: vm1, protocol: grpc, ports: [50051]}]}\n";
    const { documents, findings } = parseDocuments(`apiVersion: v1\nkind: serviceDeployment\n${body}`);
    const other = parseDocuments(`apiVersion: pharos.io/v1\nkind: ServiceDeployment\n${body}`);
    expect(findings).toEqual([]);
    expect(documents).toEqual(other.documents);
    expect(documents[0]?.document).toBe("ServiceDeployment/default/s");
    expect(documents[0]?.object.metadata).toEqual({ name: "s", namespace: "default" });
  });

  test("names line, document, path and remedy of each mistake in a stream", () => {
    const text = `apiVersion: v1
kind: node
metadata:
  name: Bad_name
spec:
  name: v1
  socs:
    - name: soc1
      vms:
        - name: vm1
          interfaces:
            - name: eth0
              adress: 10.0.0.1/24
            - name: eth0eth0eth0eth0
              type: statc
              address: 10.0.0.300/24
---
apiVersion: pharos.io/v1
kind: Bridgge
---
apiVersion: v1
kind: bridge
metadata: {name: a, namespace: x}
spec:
  bridges:
  - name: b
    bridgeFor: vm
    default: true
  - {name: b, bridgeFor: pod}
`;
    expect(`\n${told(text).join("\n")}\n`).toBe(`
4 Node/Bad_name metadata.name ERROR 1011 "Bad_name" is not a valid name; use lower-case letters, digits, '-' and '.', beginning and ending with a letter or digit
13 Node/Bad_name spec.socs[0].vms[0].interfaces[0].adress ERROR 1006 there is no field "adress" here; did you mean address?
14 Node/Bad_name spec.socs[0].vms[0].interfaces[1].name ERROR 1009 is 16 characters long, at most 15 are allowed: "eth0eth0eth0eth0"; Name of the interface in the machine's kernel, at most 15 bytes. Example: "eth0"
15 Node/Bad_name spec.socs[0].vms[0].interfaces[1].type ERROR 1009 must be one of static, dhcp, is "statc"; did you mean static?
16 Node/Bad_name spec.socs[0].vms[0].interfaces[1].address ERROR 1009 "10.0.0.300/24" does not have the form that is wanted here; Address and prefix length (CIDR) of a static interface. Example: "192.168.1.10/24"
19 ? kind ERROR 1005 there is no kind "Bridgge"; did you mean Bridge?
23 Bridge/a metadata.namespace WARNING 1014 Bridge is a cluster-wide kind; its namespace is dropped; remove metadata.namespace
29 Bridge/a spec.bridges[1].name ERROR 1012 "b" is also at spec.bridges[0]; remove one of the entries or rename it
28 Bridge/a spec.bridges[0].default ERROR 1010 only a bridge for pods can be the default for pods; remove default or mend what contradicts it
`);
  });

  test("returns the good documents beside the findings about bad ones", () => {
    const good = "apiVersion: v1\nkind: node\nmetadata: {name: a}\nspec: {name: v, socs: [{name: soc1}]}\n";
    const { documents, findings } = parseDocuments(`${good}---\nkind: [\n---\n`);
    expect(documents.map(({ document }) => document)).toEqual(["Node/a"]);
    expect(findings.map(({ code, source }) => [code, source?.line])).toEqual([["PHAROS-1002", 7]]);
  });

  test("refuses the second of two equal documents, in whatever spelling", () => {
    const body = "metadata: {name: a}\nspec: {name: v, socs: [{name: soc1}]}\n";
    expect(told(`apiVersion: v1\nkind: node\n${body}---\napiVersion: pharos.io/v1\nkind: Node\n${body}`)).toEqual([
      "8 Node/a metadata.name ERROR 1013 Node/a is also at line 1; remove one of the documents or rename it",
    ]);
  });

  test("takes a List as kubectl writes it, with lines of its items", () => {
    const text = `apiVersion: v1
kind: List
items:
- apiVersion: pharos.io/v1
  kind: Node
  metadata: {name: a}
  spec:
    name: v
    socs: [{name: soc1}]
`;
    const [first] = parseDocuments(text).documents;
    expect(first?.document).toBe("Node/a");
    expect(first === undefined ? 0 : lineOf(first, "spec.socs[0].managed")).toBe(9);
  });

  test("reads JSON and empty documents", () => {
    expect(parseDocuments("---\n---\n# nothing\n")).toEqual({ documents: [], findings: [] });
    const json = JSON.stringify({ apiVersion: "v1", kind: "node", metadata: { name: "a" }, spec: { name: "v", socs: [{ name: "soc1" }] } });
    expect(parseDocuments(json).documents).toHaveLength(1);
  });

  test("answers for a line that the text does not have with the line of what it would stand in", () => {
    const [first] = parseDocuments(
      "apiVersion: v1\nkind: node\nmetadata: {name: a}\nspec:\n  name: v\n  socs:\n  - name: soc1\n",
    ).documents;
    expect(first === undefined ? [] : ["spec.socs[0].managed", "spec.cloud[1].name", "status"].map((path) => lineOf(first, path))).toEqual([
      7, 4, 1,
    ]);
  });
});
