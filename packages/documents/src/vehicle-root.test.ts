import { describe, expect, test } from "@jest/globals";
import { parseDocuments } from "./parse-documents.ts";
import { stringifyDocuments } from "./stringify.ts";

const VEHICLE = `vehicle:
  name: Vehicle_001
  socs:
    - name: soc1
      ip: 10.1.0.2
      subnet: 10.1.0.0/24
      vms:
        - name: vm1
          ip: 10.2.0.10
          subnet: 10.2.0.0/24
          pods:
            - name: perception-pod
              namespace: default
              networking: {type: cni, subnet: 10.2.1.0/24}
            - name: control-pod
              networking: {type: cni, subnet: 10.2.1.0/24}
  routes:
    - {from: vm1, to: 0.0.0.0/0, gateway: 10.2.0.1}
`;

describe("the vehicle: shape", () => {
  test("becomes a Node and a Bridge", () => {
    const { documents, findings } = parseDocuments(VEHICLE);
    expect(findings).toEqual([]);
    expect(
      stringifyDocuments(
        documents.map(({ object }) => object),
        "kubectl",
      ),
    ).toBe(`apiVersion: pharos.io/v1
kind: Node
metadata:
  name: vehicle-001
spec:
  name: Vehicle_001
  socs:
    - name: soc1
      interfaces:
        - name: eth0
          address: 10.1.0.2/24
      vms:
        - name: vm1
          interfaces:
            - name: eth0
              address: 10.2.0.10/24
              gateway: 10.2.0.1
---
apiVersion: pharos.io/v1
kind: Bridge
metadata:
  name: vehicle-001-pods
spec:
  bridges:
    - name: podBr0
      bridgeFor: pod
      isGateway: true
      hosts:
        - vm1
      ipam:
        ranges:
          - subnet: 10.2.1.0/24
        routes:
          - dst: 0.0.0.0/0
`);
  });

  test.each([
    ["an unknown field", VEHICLE.replace("ip: 10.1.0.2", "addr: 10.1.0.2"), "vehicle.socs[0].addr", "PHAROS-1006", 5],
    ["a machine without a name", VEHICLE.replace("- name: vm1\n          ip", "- ip"), "vehicle.socs[0].vms[0].name", "PHAROS-1007", 8],
    ["an address that is none", VEHICLE.replace("10.2.0.10", "10.2.0.999"), "vehicle.socs[0].vms[0].ip", "PHAROS-1009", 9],
    [
      "a pod subnet that is none",
      VEHICLE.replaceAll("10.2.1.0/24", "10.2.1.0"),
      "vehicle.socs[0].vms[0].pods[0].networking.subnet",
      "PHAROS-1009",
      14,
    ],
    ["no SoC", "vehicle: {name: v, socs: []}", "vehicle.socs", "PHAROS-1009", 1],
    ["a route of nobody", VEHICLE.replace("from: vm1", "from: vm9"), "vehicle.routes[0].from", "PHAROS-1009", 18],
    ["a route inside the vehicle", VEHICLE.replace("to: 0.0.0.0/0", "to: soc1"), "vehicle.routes[0]", "PHAROS-1016", 18],
    ["a vehicle that is text", "vehicle: v", "vehicle", "PHAROS-1008", 1],
  ])("%s is a finding at the place in the given text", (_name, text, path, code, line) => {
    const { findings } = parseDocuments(text);
    expect(findings.map((finding) => [finding.path, finding.code, finding.source?.line])).toContainEqual([path, code, line]);
  });
});

test("the security_policy: shape is refused rather than widened", () => {
  const { documents, findings } = parseDocuments("security_policy: {default_action: DROP, rules: []}");
  expect(documents).toEqual([]);
  expect(findings.map(({ code, severity, path }) => [code, severity, path])).toEqual([["PHAROS-1017", "ERROR", "security_policy"]]);
});
