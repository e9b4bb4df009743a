import { describe, expect, test } from "@jest/globals";
import { formatIp, formatPrefix } from "@pharos/hoststate";
import { exampleDocuments } from "../../testing/example.ts";
import { buildVehicle } from "./build.ts";

describe("buildVehicle", () => {
  const { value: vehicle, findings } = buildVehicle({ documents: exampleDocuments() });

  test("finds nothing unreadable in the example vehicle", () => {
    expect(findings).toEqual([]);
  });

  test("lists SoCs with their VMs in document order, and cloud VMs apart", () => {
    expect(vehicle?.hosts.map((host) => host.name)).toEqual(["soc1", "vm1", "vm2", "soc2"]);
    expect(vehicle?.cloud.map((host) => host.name)).toEqual(["cloud_vm1"]);
  });

  test("joins interfaces to wires by declared segment, else by subnet", () => {
    const wires = vehicle?.segments.map((segment) => {
      const members = segment.members.map((member) => `${member.host}.${member.interface}`);
      return `${segment.name} ${segment.subnets.map(formatPrefix)} ${segment.bridge ?? "-"}: ${members.join(" ")}`;
    });
    expect(wires).toEqual([
      "10.1.0.0/24 10.1.0.0/24 -: soc1.eth0 soc2.eth0",
      "cloud 172.16.1.0/24 -: cloud_vm1.eth0 soc1.eth1",
      "vmBr0 10.2.0.0/24 vmBr0: vm1.eth0 vm2.eth0",
    ]);
  });

  test("places bridges and makes VMs their ports under qualified names", () => {
    const bridges = vehicle?.bridges.map((bridge) => ({
      name: bridge.name,
      hosts: bridge.hosts,
      ports: bridge.ports.map((port) => `${port.host} ${port.interface}`),
      blocks: bridge.ranges.flatMap((range) =>
        range.blocks.map((part) => `${part.host} ${formatPrefix(part.block)} ${formatIp(part.gateway)}`),
      ),
    }));
    expect(bridges).toEqual([
      { name: "podBr0", hosts: ["vm1"], ports: [], blocks: ["vm1 10.2.1.0/24 10.2.1.1"] },
      { name: "vmBr0", hosts: ["soc1"], ports: ["soc1 vm1Eth0", "soc1 vm2Eth0"], blocks: ["soc1 10.2.0.0/24 10.2.0.1"] },
    ]);
  });

  test("takes the specification's VM without a segment as a port of the bridge with its subnet", () => {
    const documents = exampleDocuments((yaml) => yaml.replaceAll("segment: vmBr0", ""));
    expect(buildVehicle({ documents }).value).toEqual(vehicle);
  });

  test("is no vehicle without a Node document, and none with two", () => {
    const documents = exampleDocuments();
    expect(buildVehicle({ documents: { ...documents, nodes: [] } }).value).toBeUndefined();
    const twice = buildVehicle({ documents: { ...documents, nodes: [...documents.nodes, ...documents.nodes] } });
    expect(twice.value).toBeUndefined();
    expect(twice.findings.map((finding) => finding.code)).toEqual(["PHAROS-1100"]);
  });

  test("reports an address that it cannot read, and goes on without it", () => {
    const built = buildVehicle({ documents: exampleDocuments((yaml) => yaml.replace("address: 10.1.0.2/24", "address: 10.1.0.2")) });
    expect(built.findings).toMatchObject([
      { code: "PHAROS-1102", path: "spec.socs[0].interfaces[0].address", source: { document: "Node/vehicle-network-node" } },
    ]);
    expect(built.value?.hosts[0]?.interfaces[0]?.address).toBeUndefined();
  });

  test("takes the address of a dhcp interface from the lease that its host reported", () => {
    const documents = exampleDocuments((yaml) => yaml.replace(/type: static\s+address: 10.1.0.3.24/, "type: dhcp"));
    const leases = [{ host: "soc2", interface: "eth0", address: "10.1.0.77/24" }];
    const soc2 = buildVehicle({ documents, leases }).value?.hosts.find((host) => host.name === "soc2");
    expect(soc2?.interfaces[0]).toMatchObject({ segment: "10.1.0.0/24", type: "dhcp" });
    expect(buildVehicle({ documents }).value?.hosts.find((host) => host.name === "soc2")?.interfaces[0]?.segment).toBe("soc2Eth0");
  });
});
