import { describe, expect, test } from "@jest/globals";
import { allocateBlocks, buildVehicle, documentSet, freeze, type Vehicle, type VehicleDocument } from "@pharos/compiler";
import { type LabLayout, layOut, type WireEnd } from "./layout.ts";

const NO_FLAGS = { uplink: false, managed: true, takeover: false };
const intf = (name: string, address: string, more: object = {}) => ({ ...NO_FLAGS, name, type: "static" as const, address, ...more });

/** The vehicle of docs/examples/vehicle with its pod bridge left out, and an ECU that runs no agent. */
const DOCUMENTS: readonly VehicleDocument[] = [
  {
    apiVersion: "pharos.io/v1",
    kind: "Node",
    metadata: { name: "vehicle" },
    spec: {
      name: "vehicle",
      defaultAction: "DROP",
      enforcement: "enforce",
      socs: [
        {
          name: "soc1",
          managed: true,
          interfaces: [intf("eth0", "10.1.0.2/24"), intf("eth1", "172.16.1.1/24", { segment: "cloud", uplink: true })],
          vms: ["10", "11"].map((last, index) => ({
            name: `vm${index + 1}`,
            managed: true,
            interfaces: [intf("eth0", `10.2.0.${last}/24`, { gateway: "10.2.0.1", segment: "vmBr0" })],
          })),
        },
        { name: "soc2", managed: true, interfaces: [intf("eth0", "10.1.0.3/24")] },
        { name: "ecu1", managed: false, interfaces: [intf("eth0", "10.1.0.9/24")] },
      ],
      cloud: [
        { name: "cloud_vm1", interfaces: [{ name: "eth0", address: "172.16.1.2/24", segment: "cloud" }] },
        { name: "cloud_vm2", interfaces: [{ name: "eth0", address: "172.16.1.3/24", segment: "cloud", gateway: "172.16.1.254" }] },
      ],
    },
  },
  {
    apiVersion: "pharos.io/v1",
    kind: "Bridge",
    metadata: { name: "bridges" },
    spec: {
      bridges: [
        {
          name: "vmBr0",
          type: "bridge",
          bridgeFor: "vm",
          isGateway: true,
          ipMasq: false,
          default: false,
          ipam: { type: "host-local", ranges: [{ subnet: "10.2.0.0/24" }] },
        },
      ],
    },
  },
];

function vehicle(): Vehicle {
  const documents = documentSet(DOCUMENTS);
  const { value } = buildVehicle(freeze({ documents, allocations: allocateBlocks(documents, []).value, leases: [] }));
  if (value === undefined) throw new Error("no vehicle");
  return value;
}

function text(layout: LabLayout): string {
  const end = ({ namespace, name, switch: of }: WireEnd) => `${namespace}/${name}${of === undefined ? "" : ` on ${of}`}`;
  return [
    ...[...layout.namespaces].map(([host, namespace]) => `${host} is ${namespace}${layout.agents.includes(host) ? ", with an agent" : ""}`),
    `switches in ${layout.wiring}: ${layout.switches.join(" ")}`,
    ...layout.wires.map(({ a, b }) => `wire ${end(a)} -- ${end(b)}`),
    ...layout.setups.map(
      ({ namespace, addresses, gateway }) =>
        `${namespace}: ${addresses.map((own) => `${own.address} on ${own.interface}`).join(", ")}, default via ${gateway ?? "nobody"}`,
    ),
  ].join("\n");
}

describe("the layout of a vehicle", () => {
  test("is a namespace for each machine, a switch for each wire, and a port on the SoC for each VM on a bridge", () => {
    expect(text(layOut(vehicle(), "ph-x"))).toMatchInlineSnapshot(`
"soc1 is ph-x-soc1, with an agent
vm1 is ph-x-vm1, with an agent
vm2 is ph-x-vm2, with an agent
soc2 is ph-x-soc2, with an agent
ecu1 is ph-x-ecu1
cloud_vm1 is ph-x-cloud_vm1
cloud_vm2 is ph-x-cloud_vm2
switches in ph-x-wires: sw0 sw1
wire ph-x-ecu1/eth0 -- ph-x-wires/p0 on sw0
wire ph-x-soc1/eth0 -- ph-x-wires/p1 on sw0
wire ph-x-soc2/eth0 -- ph-x-wires/p2 on sw0
wire ph-x-cloud_vm1/eth0 -- ph-x-wires/p3 on sw1
wire ph-x-cloud_vm2/eth0 -- ph-x-wires/p4 on sw1
wire ph-x-soc1/eth1 -- ph-x-wires/p5 on sw1
wire ph-x-vm1/eth0 -- ph-x-soc1/vm1Eth0
wire ph-x-vm2/eth0 -- ph-x-soc1/vm2Eth0
ph-x-ecu1: 10.1.0.9/24 on eth0, default via 10.1.0.2
ph-x-cloud_vm1: 172.16.1.2/24 on eth0, default via 172.16.1.1
ph-x-cloud_vm2: 172.16.1.3/24 on eth0, default via 172.16.1.254"
`);
  });

  test("gives no two wires the same end", () => {
    const ends = layOut(vehicle(), "ph-x").wires.flatMap(({ a, b }) => [`${a.namespace}/${a.name}`, `${b.namespace}/${b.name}`]);
    expect(new Set(ends).size).toBe(ends.length);
  });

  test("of another lab has no namespace in common", () => {
    const one = layOut(vehicle(), "ph-a");
    const other = layOut(vehicle(), "ph-b");
    const names = [one.wiring, ...one.namespaces.values(), other.wiring, ...other.namespaces.values()];
    expect(new Set(names).size).toBe(names.length);
  });
});
