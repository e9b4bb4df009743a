import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { documentsOf, exampleDocuments } from "../../testing/example.ts";
import type { Allocation } from "../documents.ts";
import { allocateBlocks } from "./allocate.ts";
import { canonicalJson } from "./canonical-json.ts";
import { freeze } from "./freeze.ts";

function pods(hosts: readonly string[], more = ""): ReturnType<typeof documentsOf> {
  const vms = ["a", "b", "c", "d", "e", "f"].map((name) => `{name: ${name}}`).join(", ");
  return documentsOf(`
kind: node
metadata: {name: car}
spec: {name: car, socs: [{name: soc1, vms: [${vms}]}]}
---
kind: bridge
metadata: {name: pods}
spec:
  bridges:
    - {name: podBr0, bridgeFor: pod, isGateway: true, hosts: [${hosts.join(", ")}], ipam: {${more} ranges: [{subnet: 10.5.0.0/24}]}}
`);
}

const lines = (allocations: readonly Allocation[]) => allocations.map(({ host, block }) => `${host} ${block}`);
const block = (host: string, prefix: string) => ({ bridge: "podBr0", subnet: "10.5.0.0/24", host, block: prefix });

describe("allocateBlocks", () => {
  test("gives a host alone the whole subnet", () => {
    expect(lines(allocateBlocks(exampleDocuments(), []).value)).toEqual(["vm1 10.2.1.0/24", "soc1 10.2.0.0/24"]);
  });

  test("cuts a shared subnet with room for one more host", () => {
    expect(lines(allocateBlocks(pods(["a", "b", "c"]), []).value)).toEqual(["a 10.5.0.0/26", "b 10.5.0.64/26", "c 10.5.0.128/26"]);
  });

  test("cuts to the declared size, also for a host alone", () => {
    expect(lines(allocateBlocks(pods(["a"], "blockSize: 28,"), []).value)).toEqual(["a 10.5.0.0/28"]);
  });

  test("keeps known blocks and fills the gaps", () => {
    const known = [block("b", "10.5.0.0/26"), block("d", "10.5.0.128/26")];
    expect(lines(allocateBlocks(pods(["a", "b", "d"]), known).value)).toEqual(["a 10.5.0.64/26", "b 10.5.0.0/26", "d 10.5.0.128/26"]);
  });

  test("keeps the block of a host that left while it may hold addresses, and frees it when its ledger is empty", () => {
    const known = [block("a", "10.5.0.0/26"), block("b", "10.5.0.64/26")];
    expect(lines(allocateBlocks(pods(["a"]), known).value)).toEqual(["a 10.5.0.0/26", "b 10.5.0.64/26"]);
    const empty = known.map((one) => ({ ...one, used: 0 }));
    expect(lines(allocateBlocks(pods(["a"]), empty).value)).toEqual(["a 10.5.0.0/26"]);
  });

  test("refuses a second host while the first holds addresses all over the subnet, and cuts anew when it holds none", () => {
    const known = [{ ...block("a", "10.5.0.0/24"), used: 3 }];
    const { value, findings } = allocateBlocks(pods(["a", "b"]), known);
    expect(lines(value)).toEqual(["a 10.5.0.0/24"]);
    expect(findings).toMatchObject([{ code: "PHAROS-1130", path: "spec.bridges[0].ipam.ranges[0].subnet" }]);
    const anew = allocateBlocks(pods(["a", "b"]), [{ ...block("a", "10.5.0.0/24"), used: 0 }]);
    expect(lines(anew.value)).toEqual(["a 10.5.0.0/26", "b 10.5.0.64/26"]);
    expect(anew.findings).toEqual([]);
  });

  test("passes over blocks without an address between rangeStart and rangeEnd", () => {
    const documents = pods(["a", "b"]);
    const [bridge] = documents.bridges;
    const yaml = JSON.stringify(bridge).replace(
      '"subnet":"10.5.0.0/24"',
      '"subnet":"10.5.0.0/24","rangeStart":"10.5.0.100","rangeEnd":"10.5.0.250"',
    );
    const narrowed = { ...documents, bridges: [JSON.parse(yaml)] };
    expect(lines(allocateBlocks(narrowed, []).value)).toEqual(["a 10.5.0.64/26", "b 10.5.0.128/26"]);
  });

  test("gives each SoC the part of a shared vm bridge that its VMs' addresses lie in", () => {
    const vm = (name: string, address: string) => `{name: ${name}, interfaces: [{name: eth0, address: ${address}/24, segment: vmBr0}]}`;
    const documents = (second: string) =>
      documentsOf(`
kind: node
metadata: {name: car}
spec:
  name: car
  socs:
    - {name: soc1, vms: [${vm("a", "10.6.0.200")}, ${vm("b", second)}]}
    - {name: soc2, vms: [${vm("c", "10.6.0.10")}]}
---
kind: bridge
metadata: {name: vms}
spec: {bridges: [{name: vmBr0, bridgeFor: vm, isGateway: true, ipam: {ranges: [{subnet: 10.6.0.0/24}]}}]}
`);
    expect(lines(allocateBlocks(documents("10.6.0.210"), []).value)).toEqual(["soc1 10.6.0.192/26", "soc2 10.6.0.0/26"]);
    expect(lines(allocateBlocks(documents("10.6.0.130"), []).value)).toEqual(["soc1 10.6.0.128/25", "soc2 10.6.0.0/26"]);
    expect(allocateBlocks(documents("10.6.0.20"), []).findings).toMatchObject([{ code: "PHAROS-1132" }]);
  });

  test("is stable: what it gave is what it gives again, in any order, and blocks never overlap", () => {
    const hosts = ["a", "b", "c", "d", "e", "f"];
    fc.assert(
      fc.property(fc.subarray(hosts, { minLength: 1 }), fc.subarray(hosts, { minLength: 1 }), fc.boolean(), (before, after, reverse) => {
        const first = allocateBlocks(pods(before), []).value;
        expect(allocateBlocks(pods([...before].reverse()), [...first].reverse()).value).toEqual(first);
        const second = allocateBlocks(pods(after), reverse ? [...first].reverse() : first);
        for (const old of first) expect(second.value).toContainEqual(old);
        const starts = second.value.map((one) => one.block);
        expect(new Set(starts).size).toBe(starts.length);
      }),
      { numRuns: 60 },
    );
  });
});

describe("freeze", () => {
  const content = { documents: exampleDocuments(), allocations: [block("b", "10.5.0.64/26"), block("a", "10.5.0.0/26")], leases: [] };

  test("is idempotent", () => {
    const once = freeze(content);
    expect(freeze(once)).toEqual(once);
  });

  test("gives equal text for documents that differ only in what the store adds, and in order", () => {
    const [node] = content.documents.nodes;
    if (node === undefined) throw new Error("the example has a Node document");
    const stored = { ...node, metadata: { ...node.metadata, resourceVersion: "7", uid: "u" }, status: {} };
    const other = { ...content, documents: { ...content.documents, nodes: [stored] }, allocations: [...content.allocations].reverse() };
    expect(canonicalJson(freeze(other))).toBe(canonicalJson(freeze(content)));
  });

  test("gives other text when a field of a document changes", () => {
    const other = { ...content, documents: exampleDocuments((yaml) => yaml.replace("10.1.0.3/24", "10.1.0.4/24")) };
    expect(canonicalJson(freeze(other))).not.toBe(canonicalJson(freeze(content)));
  });
});
