import { describe, expect, test } from "@jest/globals";
import { buildVehicle } from "@pharos/compiler";
import type { PodNetwork } from "@pharos/kinds";
import { testBridges, testInterface, testNode, testReport, testSoc, testVm } from "../test-documents.ts";
import { filterComponents, type NetworkStatusInput, networkStatus } from "./network-status.ts";

const api = { apiVersion: "pharos.io/v1" } as const;
const node = testNode(testSoc("soc1", [testInterface("eth0", "10.1.0.2/24")], [testVm("vm1", testInterface("eth0"))]), testSoc("soc2"), {
  ...testSoc("ecu"),
  managed: false,
});
const bridge = testBridges({ name: "podBr0", hosts: ["soc1", "vm1"] });
const pod: PodNetwork = {
  ...api,
  kind: "PodNetwork",
  metadata: { name: "p", namespace: "default" },
  spec: { host: "vm1", bridge: "podBr0", pod: { namespace: "default", name: "perception-pod" } },
  status: { phase: "Attached", addresses: ["10.2.1.5/24"] },
};
const request: PodNetwork = {
  ...api,
  kind: "PodNetwork",
  metadata: { name: "request-abc", namespace: "default" },
  spec: { request: { id: "abc", podName: "control-pod", requestedAt: "2026-01-02T03:04:05Z" } },
};
const input: NetworkStatusInput = {
  vehicle: buildVehicle({ documents: { nodes: [node], bridges: [bridge] }, allocations: [] }).value,
  reports: [
    testReport("soc1", { state: "Committed" }),
    testReport("vm1", {
      state: "RolledBack",
      interfaces: [
        { name: "lo", addresses: ["127.0.0.1/8"] },
        { name: "eth0", addresses: ["10.2.0.10/24"] },
      ],
    }),
  ],
  podNetworks: [pod, request],
  connected: undefined,
};
const table = (filter: string, more: Partial<NetworkStatusInput> = {}) =>
  filterComponents(networkStatus({ ...input, ...more }), filter).map(
    ({ type, name, status, ipAddress, connectedTo }) => `${type} ${name} ${status} ${ipAddress || "-"} ${connectedTo.join(",") || "-"}`,
  );

describe("networkStatus", () => {
  test("tells hosts, bridges, pods and requests", () => {
    expect(table("")).toEqual([
      "soc soc1 up 10.1.0.2 vm1",
      "vm vm1 degraded 10.2.0.10 soc1",
      "soc soc2 down - -",
      "soc ecu unknown - -",
      "bridge podBr0 degraded - soc1,vm1",
      "pod perception-pod up 10.2.1.5 podBr0,vm1",
      "request abc pending - control-pod",
    ]);
  });

  test("calls a host without a stream down, whatever it reported last", () => {
    expect(table("soc1", { connected: new Set(["vm1"]) })).toEqual(["soc soc1 down 10.1.0.2 vm1"]);
  });

  test("filters by type, by name and by request", () => {
    expect(table("vm")).toHaveLength(1);
    expect(table("podBr0")).toHaveLength(1);
    expect(table("request:abc")).toEqual(["request abc pending - control-pod"]);
    expect(table("request:other")).toEqual([]);
    expect(table("nothing of this name")).toEqual([]);
  });
});
