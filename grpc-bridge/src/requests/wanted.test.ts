import { describe, expect, test } from "@jest/globals";
import { testBridges, testInterface, testNode, testSoc, testVm } from "../test-documents.ts";
import { wantedNetwork } from "./network-document.ts";
import { wantedHost } from "./node-document.ts";

const bridges = [testBridges({ name: "podBr0" }, { name: "vmBr0", bridgeFor: "vm" })];
const nodes = [testNode(testSoc("soc1", [testInterface("eth0", "10.1.0.2/24")], [testVm("vm1", testInterface("eth0", "10.2.0.10/24"))]))];

describe("wantedNetwork", () => {
  const network = (...documents: unknown[]) => wantedNetwork(documents, bridges);

  test("finds the pod bridge that a bridge document names, in both spellings of the kind", () => {
    expect(network({ kind: "bridge", spec: { bridges: [{ name: "podBr0" }] } })).toEqual({ kind: "bridge", bridge: "podBr0" });
    expect(network({ kind: "Bridge", spec: { bridges: [{ name: "podBr0" }] } })).toEqual({ kind: "bridge", bridge: "podBr0" });
  });

  test("takes Pullpiri's placeholder, and no document at all, as the default bridge", () => {
    expect(network({ apiVersion: "v1", kind: "Network", metadata: { label: null, name: "helloworld" }, spec: { dummy: null } })).toEqual({
      kind: "default",
    });
    expect(network()).toEqual({ kind: "default" });
    expect(network(null)).toEqual({ kind: "default" });
  });

  test("understands Pullpiri's networkName and networkMode", () => {
    expect(network({ kind: "Network", spec: { networkName: "podBr0", networkMode: "bridge" } })).toEqual({
      kind: "bridge",
      bridge: "podBr0",
    });
    expect(network({ kind: "Network", spec: { networkMode: "host" } })).toEqual({ kind: "host" });
    expect(network({ kind: "Network", spec: { networkMode: "macvlan" } })).toMatchObject({
      kind: "bad",
      reason: expect.stringContaining("macvlan"),
    });
  });

  test.each([
    [
      "a bridge that is not there",
      { kind: "bridge", spec: { bridges: [{ name: "podBr9" }] } },
      "podBr9 is no pod bridge of this vehicle (podBr0)",
    ],
    ["a bridge for VMs", { kind: "bridge", spec: { bridges: [{ name: "vmBr0" }] } }, "vmBr0 is no pod bridge"],
    ["a bridge document without a name", { kind: "bridge", spec: {} }, "spec.bridges[0].name is missing"],
    ["another kind", { kind: "Deployment" }, 'kind "Deployment"'],
    ["a list", ["bridge"], "no YAML mapping"],
  ])("refuses %s and says so", (_name, document, reason) => {
    expect(network(document)).toMatchObject({ kind: "bad", reason: expect.stringContaining(reason) });
  });

  test("refuses several documents instead of choosing one", () => {
    expect(network({ kind: "Network" }, { kind: "Network" })).toMatchObject({ kind: "bad" });
  });
});

describe("wantedHost", () => {
  const host = (...documents: unknown[]) => wantedHost(documents, nodes);

  test("matches by hostname, then by address", () => {
    expect(host({ kind: "Node", spec: { hostname: "vm1", ip_address: "9.9.9.9" } })).toEqual({ kind: "host", host: "vm1" });
    expect(host({ kind: "Node", metadata: { name: "HPC" }, spec: { hostname: "hpc", ip_address: "10.2.0.10" } })).toEqual({
      kind: "host",
      host: "vm1",
    });
  });

  test("takes a vehicle tree that holds one machine, and asks no host when it holds several", () => {
    expect(host({ kind: "node", spec: { socs: [{ name: "soc1", vms: [{ name: "vm1" }] }] } })).toEqual({ kind: "host", host: "vm1" });
    expect(host({ kind: "node", spec: { socs: [{ name: "soc1" }, { name: "soc2" }] } })).toEqual({ kind: "any" });
    expect(host()).toEqual({ kind: "any" });
  });

  test("refuses a machine that is not of this vehicle, and a document of another kind", () => {
    expect(host({ kind: "Node", spec: { hostname: "hpc" } })).toEqual({
      kind: "bad",
      reason: "node_yaml: hpc is no machine of this vehicle (soc1, vm1)",
    });
    expect(host({ kind: "Pod" })).toMatchObject({ kind: "bad" });
    expect(host("text")).toMatchObject({ kind: "bad" });
  });
});
