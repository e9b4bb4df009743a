import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { type HostState, renderState } from "@pharos/hoststate";
import fc from "fast-check";
import { documentsOf, exampleDocuments } from "../testing/example.ts";
import { findingLines } from "../testing/finding-lines.ts";
import { check } from "./check/check.ts";
import { assumedFacts, compile } from "./compile.ts";
import type { DocumentSet, Live, RevisionContent } from "./documents.ts";
import { allocateBlocks } from "./freeze/allocate.ts";
import { freeze } from "./freeze/freeze.ts";
import { outlineHosts } from "./vehicle/outline.ts";

const FOLDER = new URL("../golden/", import.meta.url);
const LIVE: Live = { podNetworks: [], serviceRegistrations: [] };

interface GoldenCase {
  readonly name: string;
  readonly leases: RevisionContent["leases"];
  /** Interfaces that the named host does not have at the moment. */
  readonly absent: readonly string[];
}

const CASES: readonly GoldenCase[] = [
  { name: "example-vehicle", leases: [], absent: ["soc1 vm2Eth0"] },
  { name: "shared-subnets", leases: [], absent: [] },
  { name: "ports-and-leases", leases: [{ host: "gw", interface: "wwan0", address: "100.64.3.7/30" }], absent: [] },
  { name: "addresses-of-others", leases: [], absent: [] },
];

function documentsOfCase(name: string): DocumentSet {
  const file = new URL(`${name}/input.yaml`, FOLDER);
  return existsSync(file) ? documentsOf(readFileSync(file, "utf8")) : exampleDocuments();
}

function frozen(documents: DocumentSet, leases: RevisionContent["leases"] = []): RevisionContent {
  return freeze({ documents, allocations: allocateBlocks(documents, []).value, leases });
}

function compiled(content: RevisionContent, host: string, absent: readonly string[] = []) {
  const assumed = assumedFacts(content, host);
  const facts = { ...assumed, interfaces: assumed.interfaces.filter((intf) => !absent.includes(`${host} ${intf.name}`)) };
  return compile({ revision: { epoch: "epoch", number: 7, content }, host, live: LIVE, facts });
}

/** Compares with the file, or writes it when UPDATE_GOLDEN is set. */
function expectGolden(path: string, text: string): void {
  const file = new URL(path, FOLDER);
  if (process.env.UPDATE_GOLDEN !== undefined) writeFileSync(file, text);
  expect(text).toBe(readFileSync(file, "utf8"));
}

describe.each(CASES)("golden $name", ({ name, leases, absent }) => {
  const documents = documentsOfCase(name);
  const content = frozen(documents, leases);

  // The chains for forwardRules have goldens of their own.
  test.each(outlineHosts(documents).map((host) => host.name))("state of %s", (host) => {
    const { value } = compiled(content, host, absent);
    const firewall = value.firewall.filter((object) => object.name === "postrouting");
    expectGolden(`${name}/${host}.txt`, renderState({ ...value, firewall }));
  });

  test("findings", () => {
    const hosts = outlineHosts(documents).flatMap((host) => compiled(content, host.name, absent).findings);
    const lines = [...findingLines(check(documents)), ...findingLines(hosts)];
    expectGolden(`${name}/findings.txt`, lines.map((line) => `${line}\n`).join(""));
  });
});

/** A state as text without the origins of rules, which splitting a document changes, and with the elements of sets in one order. */
function unordered(state: HostState): string {
  const firewall = state.firewall.map((object) => (object.kind === "set" ? { ...object, elements: [...object.elements].sort() } : object));
  return renderState({ ...state, firewall }).replaceAll(/ +# .*$/gm, "");
}

describe("compile", () => {
  const content = frozen(exampleDocuments());

  test("refuses a host that the documents do not describe, with an empty state and an error", () => {
    const { value, findings } = compiled(content, "vm7");
    expect(Object.values(value).flat()).toEqual([]);
    expect(findingLines(findings)).toEqual([
      'ERROR PHAROS-1160 Node/vehicle-network-node spec: Node/vehicle-network-node describes no SoC or VM "vm7"',
    ]);
  });

  test("wants nothing of ours, without an error, on a host that is not managed", () => {
    const documents = exampleDocuments((yaml) => yaml.replace("- name: soc2", "- name: soc2\n      managed: false"));
    const { value, findings } = compiled(frozen(documents), "soc2");
    expect({ ...value, firewall: [] }).toEqual({
      firewall: [],
      links: [],
      sysctls: [],
      addresses: [],
      policyRules: [],
      routes: [],
      files: [],
    });
    expect(findings).toEqual([]);
  });

  test("refuses a set without a Node document", () => {
    const { findings } = compiled({ ...content, documents: { ...content.documents, nodes: [] } }, "soc1");
    expect(findings.map((finding) => `${finding.severity} ${finding.code}`)).toEqual(["ERROR PHAROS-1100"]);
  });

  test("does not depend on the order of documents, of bridges, SoCs and interfaces in them, and of allocations", () => {
    const documents = documentsOfCase("shared-subnets");
    const hosts = ["soc1", "vm1", "vm2"];
    const expected = hosts.map((host) => unordered(compiled(frozen(documents), host).value));
    const [node] = documents.nodes;
    const [bridge] = documents.bridges;
    if (node === undefined || bridge === undefined) throw new Error("the case has both documents");
    const shuffled = <T>(list: readonly T[]) => fc.shuffledSubarray([...list], { minLength: list.length, maxLength: list.length });
    fc.assert(
      fc.property(shuffled(node.spec.socs), shuffled(bridge.spec.bridges), fc.boolean(), (socs, bridges, split) => {
        const parts = bridges.map((one, index) => ({ ...bridge, metadata: { name: `part${index}` }, spec: { bridges: [one] } }));
        const other: DocumentSet = {
          ...documents,
          nodes: [{ ...node, spec: { ...node.spec, socs } }],
          bridges: split ? parts : [{ ...bridge, spec: { bridges } }],
        };
        const input = frozen(other);
        const states = hosts.map((host) => unordered(compiled({ ...input, allocations: [...input.allocations].reverse() }, host).value));
        expect(states).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });
});
