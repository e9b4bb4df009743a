import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import type { Finding } from "@pharos/base";
import { type HostState, renderState } from "@pharos/hoststate";
import fc from "fast-check";
import { documentsOf } from "../../testing/example.ts";
import { findingLines } from "../../testing/finding-lines.ts";
import { attachedPod, nodeFacts, TWO_NODES } from "../../testing/test-cluster.ts";
import { compile } from "../compile.ts";
import type { Live, RevisionContent } from "../documents.ts";
import { allocateBlocks } from "../freeze/allocate.ts";
import { freeze } from "../freeze/freeze.ts";
import { BUILT_IN_CONTENT } from "./built-in.ts";
import type { ClusterFacts } from "./cluster-facts.ts";

const FOLDER = new URL("../../golden/cluster/", import.meta.url);

const NODE = `
kind: node
metadata: { name: car }
spec:
  name: car
  socs:
    - { name: soc1, interfaces: [{ name: eth0, address: 10.1.0.2/24 }] }
    - { name: soc2, interfaces: [{ name: eth0, address: 10.1.0.3/24 }] }
`;
const bridgeOf = (subnet: string) => `
---
kind: bridge
metadata: { name: pods }
spec:
  bridges:
    - { name: podBr0, bridgeFor: pod, isGateway: true, ipMasq: true, ipam: { ranges: [{ subnet: ${subnet} }], routes: [{ dst: 0.0.0.0/0 }] } }
`;
/** It closes all that a rule can close, a host's own traffic too. */
const CLOSED = `
---
kind: routingConfig
metadata: { name: closed }
spec:
  routingInfo:
    - { srcIntfName: soc1, dstIntfName: soc2, rules: [{ action: DROP, protocol: all }] }
    - { srcIntfName: podBr0, dstIntfName: soc1, rules: [{ action: DROP, protocol: all }] }
`;
const HOSTS = ["soc1", "soc2"] as const;

function contentOf(yaml: string): RevisionContent {
  const documents = documentsOf(yaml);
  return freeze({ documents, allocations: allocateBlocks(documents, []).value, leases: [] });
}

function compiled(content: RevisionContent, host: string, cluster: ClusterFacts = TWO_NODES, podNetworks: Live["podNetworks"] = []) {
  const live: Live = { podNetworks, serviceRegistrations: [], cluster };
  return compile({ revision: { epoch: "epoch", number: 0, content }, host, live, facts: nodeFacts(host) });
}

function stateText({ value, findings }: { readonly value: HostState; readonly findings: readonly Finding[] }): string {
  return [renderState(value), ...findingLines(findings).map((line) => `${line}\n`)].join("");
}

/** Compares with the file, or writes it when UPDATE_GOLDEN is set. */
function expectGolden(name: string, text: string): void {
  const file = new URL(`${name}.txt`, FOLDER);
  if (process.env.UPDATE_GOLDEN !== undefined) writeFileSync(file, text);
  expect(text).toBe(existsSync(file) ? readFileSync(file, "utf8") : "");
}

const files = (state: HostState): string => state.files.map(({ content }) => content).join("");

describe.each(HOSTS)("two nodes, %s", (host) => {
  test("without documents: the podCIDR is a bridge, other nodes' are routed to, nothing is filtered", () => {
    expectGolden(`built-in-${host}`, stateText(compiled(BUILT_IN_CONTENT, host)));
  });

  test("a Node document alone leaves that bridge, and filters what the documents describe", () => {
    expectGolden(`node-only-${host}`, stateText(compiled(contentOf(NODE), host)));
  });

  test("a documented bridge for pods replaces it; what keeps the cluster alive stays open under rules that close all", () => {
    expectGolden(`pod-bridge-${host}`, stateText(compiled(contentOf(NODE + bridgeOf("10.2.1.0/24") + CLOSED), host)));
  });
});

describe("the cluster's own bridge beside a documented one", () => {
  const content = contentOf(NODE + bridgeOf("10.2.1.0/24"));
  const pods = [attachedPod("soc1", "pharos0", "10.42.0.7/24")];
  const links = (state: HostState) => state.links.map(({ name }) => name);

  test("stays with address, routes and translation while a pod of this host has an address on it, and hands out no more", () => {
    const before = compiled(BUILT_IN_CONTENT, "soc1").value;
    const after = compiled(content, "soc1", TWO_NODES, [...pods, attachedPod("soc2", "pharos0", "10.42.1.5/24")]).value;
    for (const kept of [...before.links, ...before.addresses, ...before.routes, ...before.firewall]) {
      expect([...after.links, ...after.addresses, ...after.routes, ...after.firewall]).toContainEqual(kept);
    }
    expect(files(after)).toContain('"defaultBridge": "podBr0"');
    expect(files(after)).not.toContain("pharos0");
  });

  test("goes with its last pod; pods of other hosts do not hold it here", () => {
    expect(links(compiled(content, "soc1").value)).not.toContain("pharos0");
    expect(links(compiled(content, "soc2", TWO_NODES, pods).value)).not.toContain("pharos0");
    expect(links(compiled(content, "soc1", TWO_NODES, [attachedPod("soc1", "podBr0", "10.2.1.7/24")]).value)).not.toContain("pharos0");
  });

  test("is still routed to while a pod of its host has an address on it", () => {
    const destinations = (podNetworks: Live["podNetworks"]) =>
      compiled(content, "soc2", TWO_NODES, podNetworks).value.routes.map(({ destination }) => destination);
    expect(destinations(pods)).toContain("10.42.0.0/24");
    expect(destinations([])).not.toContain("10.42.0.0/24");
  });

  test("is not made two of by an overlapping subnet: an ERROR while it is in use, a warning afterwards", () => {
    const overlapping = contentOf(NODE + bridgeOf("10.42.0.0/16"));
    const lines = (podNetworks: Live["podNetworks"]) =>
      findingLines(compiled(overlapping, "soc1", TWO_NODES, podNetworks).findings).filter((line) => line.includes("PHAROS-1202"));
    const where = "Bridge/pods spec.bridges[0].ipam.ranges[0].subnet: 10.42.0.0/16 of bridge podBr0 overlaps";
    const both = ["10.42.0.0/24, the podCIDR of node node1", "10.42.1.0/24, the podCIDR of node node2"];
    expect(lines(pods)).toEqual(both.map((other) => `ERROR PHAROS-1202 ${where} ${other}`));
    expect(lines([])).toEqual(both.map((other) => `WARNING PHAROS-1202 ${where} ${other}`));
  });
});

describe("clusters", () => {
  test("do not depend on the order of their nodes, addresses and servers", () => {
    const contents = [BUILT_IN_CONTENT, contentOf(NODE), contentOf(NODE + bridgeOf("10.2.1.0/24") + CLOSED)];
    const shuffled = <T>(list: readonly T[]) => fc.shuffledSubarray([...list], { minLength: list.length, maxLength: list.length });
    const servers = [...TWO_NODES.apiServers, { address: "10.1.0.9", port: 6443 }];
    const property = fc.property(
      fc.constantFrom(...contents),
      shuffled(TWO_NODES.nodes),
      shuffled(servers),
      (content, nodes, apiServers) => {
        const expected = stateText(compiled(content, "soc1", { ...TWO_NODES, apiServers: servers }));
        expect(stateText(compiled(content, "soc1", { ...TWO_NODES, nodes, apiServers }))).toBe(expected);
      },
    );
    fc.assert(property, { numRuns: 30 });
  });

  test("of one node have no ERROR without documents, whatever podCIDRs and addresses the node has", () => {
    const cidrs = fc.subarray(["10.42.0.0/24", "fd00:42::/64", "192.168.0.0/30", "not yet"]);
    const addresses = fc.subarray(["10.1.0.2", "fd00:1::2", "203.0.113.9", "name.example"]);
    const property = fc.property(cidrs, addresses, (podCidrs, own) => {
      const nodes = [{ name: "node1", host: "soc1", podCidrs, addresses: own }];
      expect(compiled(BUILT_IN_CONTENT, "soc1", { ...TWO_NODES, nodes }).findings).toEqual([]);
    });
    fc.assert(property, { numRuns: 50 });
  });

  test("give a node without podCIDR no bridge, and the others a network all the same", () => {
    const nodes = TWO_NODES.nodes.map((node) => (node.host === "soc1" ? { ...node, podCidrs: [] } : node));
    const cluster = { ...TWO_NODES, nodes };
    const { routes, ...rest } = compiled(BUILT_IN_CONTENT, "soc1", cluster).value;
    expect(Object.values(rest).flat()).toEqual([]);
    expect(routes.map(({ destination }) => destination)).toEqual(["10.42.1.0/24", "fd00:42:0:1::/64"]);
    const other = compiled(BUILT_IN_CONTENT, "soc2", cluster);
    expect(other.findings).toEqual([]);
    expect(other.value.links.map(({ name }) => name)).toEqual(["pharos0"]);
    expect(other.value.routes).toEqual([]);
  });

  test("send nothing larger than what fits through the links to other nodes and the node's own", () => {
    const live = { podNetworks: [], serviceRegistrations: [], cluster: TWO_NODES };
    const sizes = (...interfaces: readonly { readonly name: string; readonly addresses: readonly string[]; readonly mtu?: number }[]) => {
      const facts = { ...nodeFacts("soc1"), interfaces };
      const { value } = compile({ revision: { epoch: "epoch", number: 0, content: BUILT_IN_CONTENT }, host: "soc1", live, facts });
      return [value.links[0]?.mtu, JSON.parse(files(value)).bridges[0].mtu];
    };
    const loopback = { name: "lo", addresses: ["127.0.0.1/8"], mtu: 65_536 };
    const own = { name: "eth0", addresses: ["10.1.0.2/32"], mtu: 9000 };
    const way = { name: "eth1", addresses: ["10.1.0.7/24"], mtu: 1400 };
    expect(sizes(loopback, own)).toEqual([9000, 9000]);
    expect(sizes(loopback, own, way)).toEqual([1400, 1400]);
    expect(sizes(loopback, { name: "eth0", addresses: ["10.1.0.2/24"] })).toEqual([undefined, undefined]);
  });

  test("need br_netfilter for Services between pods of one bridge, and bridges of pods call the firewall where it is", () => {
    const content = contentOf(NODE + bridgeOf("10.2.1.0/24"));
    const calling = (state: HostState) => state.links.flatMap((link) => (link.kind === "bridge" && link.callIptables ? [link.name] : []));
    expect(calling(compiled(content, "soc1").value)).toEqual(["podBr0"]);
    expect(calling(compiled(BUILT_IN_CONTENT, "soc1").value)).toEqual(["pharos0"]);
    const live = { podNetworks: [], serviceRegistrations: [], cluster: TWO_NODES };
    const facts = { ...nodeFacts("soc1"), bridgeNetfilter: false };
    const without = compile({ revision: { epoch: "epoch", number: 0, content }, host: "soc1", live, facts });
    expect(calling(without.value)).toEqual([]);
    expect(findingLines(without.findings)).toEqual([
      "WARNING PHAROS-1203 : soc1 has no br_netfilter, so pods on one bridge do not reach each other by a Service",
    ]);
  });

  test("say which bridge gives its pods no route to cluster DNS", () => {
    const withRoutes = (routes: string) => contentOf((NODE + bridgeOf("10.2.1.0/24")).replace("[{ dst: 0.0.0.0/0 }]", routes));
    const lines = (routes: string) => findingLines(compiled(withRoutes(routes), "soc1").findings);
    expect(lines("[{ dst: 10.43.0.0/16 }]")).toEqual([]);
    expect(lines("[{ dst: 10.9.0.0/16 }]")).toEqual([
      "WARNING PHAROS-1204 Bridge/pods spec.bridges[0].ipam.routes: pods on podBr0 get no route to the cluster's DNS (10.43.0.10)",
    ]);
  });

  test("say which node's pods cannot be reached, because no link of the host leads to its addresses", () => {
    const far = { name: "node3", host: "vm9", podCidrs: ["10.42.2.0/24"], addresses: ["192.0.2.7"] };
    const { value, findings } = compiled(BUILT_IN_CONTENT, "soc1", { ...TWO_NODES, nodes: [...TWO_NODES.nodes, far] });
    expect(findingLines(findings)).toEqual([
      "WARNING PHAROS-1200 : no address of node node3 is on a link of this host, so its pods (10.42.2.0/24) have no route",
    ]);
    expect(value.routes.some(({ destination }) => destination === "10.42.2.0/24")).toBe(false);
  });

  test("cut nobody off by a Node document: pods of podCIDRs keep what they reach outside of it", () => {
    const { value } = compiled(contentOf(NODE), "soc1");
    const nat = value.firewall.find((object) => object.name === "cluster-postrouting");
    expect(nat).toEqual(compiled(BUILT_IN_CONTENT, "soc1").value.firewall.find((object) => object.name === "cluster-postrouting"));
  });
});
