import { describe, expect, test } from "@jest/globals";
import { documentsOf, exampleDocuments } from "../../testing/example.ts";
import { findingLines } from "../../testing/finding-lines.ts";
import { check } from "./check.ts";

/** Findings about the example after one replacement in its text. */
function after(search: string | RegExp, replacement: string): readonly string[] {
  let hit = false;
  const documents = exampleDocuments((yaml) => {
    const edited = yaml.replace(search, replacement);
    hit = edited !== yaml;
    return edited;
  });
  if (!hit) throw new Error(`${search} is not in the example`);
  return findingLines(check(documents));
}

const NODE = "Node/vehicle-network-node";
const BRIDGE = "Bridge/vehicle-network-bridge";

describe("check", () => {
  test("finds nothing in the example vehicle", () => {
    expect(findingLines(check(exampleDocuments()))).toEqual([]);
  });

  test.each<[string, string | RegExp, string, readonly string[]]>([
    [
      "two bridges with overlapping subnets",
      "subnet: 10.2.1.0/24\n            gateway: 10.2.1.1",
      "subnet: 10.2.0.0/16",
      [
        `ERROR PHAROS-1120 ${BRIDGE} spec.bridges[0].ipam.ranges[0].subnet: 10.2.0.0/24 of bridge vmBr0 overlaps 10.2.0.0/16 of bridge podBr0 (${BRIDGE} spec.bridges[1].ipam.ranges[0])`,
      ],
    ],
    [
      "a bridge with the subnet of a wire",
      "subnet: 10.2.1.0/24\n            gateway: 10.2.1.1",
      "subnet: 10.1.0.0/24",
      [
        `ERROR PHAROS-1120 ${NODE} spec.socs[0].interfaces[0].address: 10.1.0.0/24 of soc1Eth0 on wire 10.1.0.0/24 overlaps 10.1.0.0/24 of bridge podBr0 (${BRIDGE} spec.bridges[1].ipam.ranges[0])`,
      ],
    ],
    [
      "two prefix lengths on one wire",
      "address: 172.16.1.2/24",
      "address: 172.16.1.2/16",
      [
        `ERROR PHAROS-1120 ${NODE} spec.cloud[0].interfaces[0].address: 172.16.0.0/16 of cloud_vm1Eth0 on wire cloud overlaps 172.16.1.0/24 of soc1Eth1 on wire cloud (${NODE} spec.socs[0].interfaces[1])`,
      ],
    ],
    [
      "two hosts of one name",
      "- name: soc2",
      "- name: vm2",
      [
        `ERROR PHAROS-1110 ${NODE} spec.socs[1].name: the name vm2 is taken twice: by soc vm2 and by vm vm2 (${NODE} spec.socs[0].vms[1])`,
        `ERROR PHAROS-1110 ${NODE} spec.socs[1].interfaces[0].name: the name vm2Eth0 is taken twice: by interface eth0 of vm2 and by interface eth0 of vm2 (${NODE} spec.socs[0].vms[1].interfaces[0])`,
      ],
    ],
    [
      "a bridge with the name of a host",
      "- name: podBr0",
      "- name: vm2",
      [
        `ERROR PHAROS-1110 ${BRIDGE} spec.bridges[1].name: the name vm2 is taken twice: by bridge vm2 and by vm vm2 (${NODE} spec.socs[0].vms[1])`,
      ],
    ],
    [
      "a bridge with the name of an interface of its host",
      "- name: podBr0",
      "- name: eth0",
      [
        `ERROR PHAROS-1110 ${BRIDGE} spec.bridges[1].name: the name eth0 on vm1 is taken twice: by bridge eth0 and by interface eth0 of vm1 (${NODE} spec.socs[0].vms[0].interfaces[0])`,
      ],
    ],
    [
      "a bridge on an unknown host",
      "- vm1\n",
      "- vm3\n",
      [
        `ERROR PHAROS-1103 ${BRIDGE} spec.bridges[1].hosts[0]: podBr0 names the host vm3, which ${NODE} does not describe; did you mean vm1 or vm2?`,
      ],
    ],
    [
      "a bridge on a host without an agent",
      "- name: vm1\n",
      "- name: vm1\n          managed: false\n",
      [
        `ERROR PHAROS-1142 ${BRIDGE} spec.bridges[1].hosts[0]: podBr0 is placed on vm1, where no agent runs (${NODE} spec.socs[0].vms[0] says managed: false)`,
      ],
    ],
    [
      "a port that does not exist",
      "ipMasq: false\n      isGateway: true\n      default",
      "ipMasq: false\n      ports: [{host: vm1, interface: eth1}]\n      isGateway: true\n      default",
      [
        `WARNING PHAROS-1104 ${BRIDGE} spec.bridges[1].ports[0].interface: the Node document describes no interface eth1 of vm1 for podBr0, so it is taken as the host has it; did you mean eth0?`,
      ],
    ],
    [
      "a port with an address",
      "ipMasq: false\n      isGateway: true\n      default",
      "ipMasq: false\n      ports: [{interface: eth0}]\n      isGateway: true\n      default",
      [
        `ERROR PHAROS-1144 ${NODE} spec.socs[0].vms[0].interfaces[0].address: eth0 of vm1 has an address, and is a port of podBr0 (${BRIDGE} spec.bridges[1]), where the kernel does not look at it`,
      ],
    ],
    [
      "an address outside the bridge that its segment names",
      "address: 10.2.0.11/24\n              gateway: 10.2.0.1",
      "address: 10.3.0.11/24",
      [
        `ERROR PHAROS-1122 ${NODE} spec.socs[0].vms[1].interfaces[0].address: 10.3.0.11/24 of vm2Eth0 lies in no subnet of vmBr0, whose segment it is in (${BRIDGE} spec.bridges[0])`,
      ],
    ],
    [
      "a gateway on no subnet of the host",
      "gateway: 10.2.0.1\n",
      "gateway: 10.9.0.1\n",
      [
        `ERROR PHAROS-1124 ${NODE} spec.socs[0].vms[0].interfaces[0].gateway: the gateway 10.9.0.1 of vm1Eth0 is not on its subnet 10.2.0.0/24 (vm1 has 10.2.0.0/24)`,
      ],
    ],
    [
      "the broadcast address as a host's",
      "address: 10.1.0.3/24",
      "address: 10.1.0.255/24",
      [`ERROR PHAROS-1123 ${NODE} spec.socs[1].interfaces[0].address: 10.1.0.255 of soc2Eth0 is the broadcast address of its subnet`],
    ],
    [
      "an address taken twice",
      "address: 10.1.0.3/24",
      "address: 10.1.0.2/24",
      [
        `ERROR PHAROS-1121 ${NODE} spec.socs[1].interfaces[0].address: 10.1.0.2 is taken twice: by soc2Eth0 and by soc1Eth0 (${NODE} spec.socs[0].interfaces[0])`,
      ],
    ],
    [
      "a VM with the address of its bridge",
      "address: 10.2.0.11/24\n              gateway: 10.2.0.1",
      "address: 10.2.0.1/24",
      [
        `ERROR PHAROS-1121 ${NODE} spec.socs[0].vms[1].interfaces[0].address: 10.2.0.1 is taken twice: by vm2Eth0 and by vmBr0 on soc1 (${BRIDGE} spec.bridges[0].ipam.ranges[0])`,
      ],
    ],
    [
      "a static interface without an address",
      "address: 10.1.0.3/24",
      "",
      [`ERROR PHAROS-1125 ${NODE} spec.socs[1].interfaces[0].address: soc2Eth0 is static and has no address`],
    ],
    [
      "a gateway of a bridge outside its subnet",
      "gateway: 10.2.1.1",
      "gateway: 10.2.2.1",
      [`ERROR PHAROS-1122 ${BRIDGE} spec.bridges[1].ipam.ranges[0].gateway: 10.2.2.1 of podBr0 lies outside its subnet 10.2.1.0/24`],
    ],
    [
      "a range that ends before it starts",
      "gateway: 10.2.1.1",
      "rangeStart: 10.2.1.20\n            rangeEnd: 10.2.1.10",
      [
        `ERROR PHAROS-1131 ${BRIDGE} spec.bridges[1].ipam.ranges[0].rangeEnd: the range of podBr0 starts at 10.2.1.20 and ends before it, at 10.2.1.10`,
      ],
    ],
    [
      "a subnet too small for a pod",
      "subnet: 10.2.1.0/24\n            gateway: 10.2.1.1",
      "subnet: 10.2.1.0/32",
      [
        `ERROR PHAROS-1130 ${BRIDGE} spec.bridges[1].ipam.ranges[0].subnet: podBr0 has no address left for pods on vm1: its block is 10.2.1.0/32 of 10.2.1.0/32, the bridge itself has 10.2.1.0`,
      ],
    ],
    [
      "a block too small for a pod",
      "type: host-local\n        ranges:\n          - subnet: 10.2.1.0/24\n            gateway: 10.2.1.1",
      "type: host-local\n        blockSize: 32\n        ranges:\n          - subnet: 10.2.1.0/24",
      [
        `ERROR PHAROS-1130 ${BRIDGE} spec.bridges[1].ipam.ranges[0].subnet: podBr0 has no address left for pods on vm1: its block is 10.2.1.0/32 of 10.2.1.0/24, the bridge itself has 10.2.1.0`,
      ],
    ],
    [
      "blocks that are larger than the subnet",
      "type: host-local\n        ranges:\n          - subnet: 10.2.1.0/24",
      "type: host-local\n        blockSize: 20\n        ranges:\n          - subnet: 10.2.1.0/24",
      [`ERROR PHAROS-1130 ${BRIDGE} spec.bridges[1].ipam.blockSize: blocks of /20 do not fit into 10.2.1.0/24 of podBr0`],
    ],
    [
      "more hosts than blocks",
      /- vm1\n( +# Pods[\s\S]*?)type: host-local\n {8}ranges:/,
      "- vm1\n        - vm2\n        - soc2\n$1type: host-local\n        blockSize: 25\n        ranges:",
      [
        `ERROR PHAROS-1130 ${BRIDGE} spec.bridges[1].ipam.ranges[0].subnet: no block of length /25 of 10.2.1.0/24 is left for vm2; podBr0 needs one on each of soc2, vm1, vm2`,
      ],
    ],
    [
      "a VM whose port name on its SoC is too long",
      "- name: vm2\n",
      "- name: infotainment\n",
      [
        `ERROR PHAROS-1111 ${NODE} spec.socs[0].vms[1].interfaces[0].name: "infotainmentEth0" on soc1 (the end of eth0 of infotainment) is no interface name that Linux takes: 1 to 15 of A-Z a-z 0-9 _ . -`,
      ],
    ],
    [
      "an interface named twice",
      "- name: eth1\n",
      "- name: eth0\n",
      [
        `ERROR PHAROS-1110 ${NODE} spec.socs[0].interfaces[1].name: the name eth0 on soc1 is taken twice: by interface eth0 of soc1 and by interface eth0 of soc1 (${NODE} spec.socs[0].interfaces[0])`,
      ],
    ],
    [
      "a failsafe target that means nothing",
      "enforcement: enforce",
      "enforcement: enforce\n  failsafe: [{host: soc9, protocol: tcp, port: 22}, {host: 10.1.0.9, protocol: tcp, port: 22}]",
      [
        `ERROR PHAROS-1103 ${NODE} spec.failsafe[0].host: the failsafe target soc9 is no address and no host of ${NODE}; did you mean soc1 or soc2?`,
      ],
    ],
    [
      "pods with a gateway that they cannot reach",
      "- dst: 0.0.0.0/0",
      "- {dst: 0.0.0.0/0, gw: 10.2.0.1}",
      [
        `ERROR PHAROS-1124 ${BRIDGE} spec.bridges[1].ipam.routes[0].gw: pods on podBr0 cannot reach the gateway 10.2.0.1: it is in none of 10.2.1.0/24`,
      ],
    ],
  ])("finds %s", (_what, search, replacement, expected) => {
    expect(after(search, replacement)).toEqual(expected);
  });

  test("finds an unknown zone of a rule", () => {
    const [line, ...more] = after("dstIntfName: cloud_vm1", "dstIntfName: cloud_vm9");
    expect(more).toEqual([]);
    expect(line).toMatch(/^ERROR PHAROS-12\d\d RoutingConfig\/network-routing-rules spec\.routingInfo\[0\]\.dstIntfName: .*cloud_vm9/);
  });

  test("finds an interface that another program manages, unless it may be taken over", () => {
    const facts = {
      bridgeNetfilter: true,
      nftables: true,
      ipv6: true,
      interfaces: [{ name: "eth0", addresses: [], manager: "NetworkManager" as const }],
    };
    const reported = new Map([["soc2", facts]]);
    expect(findingLines(check(exampleDocuments(), reported))).toEqual([
      `ERROR PHAROS-1150 ${NODE} spec.socs[1].interfaces[0]: NetworkManager on soc2 manages eth0 already`,
    ]);
    const taken = exampleDocuments((yaml) => yaml.replace("address: 10.1.0.3/24", "address: 10.1.0.3/24\n          takeover: true"));
    expect(check(taken, reported)).toEqual([]);
  });

  test("finds two defaults on one host, and one port in two bridges, and services of one name", () => {
    const documents = documentsOf(`
kind: node
metadata: {name: car}
spec: {name: car, socs: [{name: soc1, interfaces: [{name: eth1}]}]}
---
kind: bridge
metadata: {name: b}
spec:
  bridges:
    - {name: br0, bridgeFor: pod, default: true, ports: [{interface: eth1}]}
    - {name: br1, bridgeFor: pod, default: true, ports: [{interface: eth1}]}
    - {name: br2, bridgeFor: cloud}
---
kind: serviceDeployment
metadata: {name: s}
spec: {services: [{name: a, node: soc1, protocol: tcp, ports: [1]}, {name: a, node: soc1, protocol: tcp, ports: [2]}]}
`);
    expect(findingLines(check(documents))).toEqual([
      "ERROR PHAROS-1110 ServiceDeployment/default/s spec.services[1].name: the service default/a is described twice: here and in ServiceDeployment/default/s spec.services[0]",
      "WARNING PHAROS-1141 Bridge/b spec.bridges[2]: no host carries br2: the vehicle has not a managed host with an interface in a cloud segment",
      "ERROR PHAROS-1140 Bridge/b spec.bridges[1].default: br1 and br0 (Bridge/b spec.bridges[0]) are both the default on soc1",
      "ERROR PHAROS-1143 Bridge/b spec.bridges[1].ports: eth1 of soc1 is a port of br1 and of br0 (Bridge/b spec.bridges[0])",
    ]);
  });

  test("finds bridges that are ports of each other, or of themselves", () => {
    const documents = documentsOf(`
kind: node
metadata: {name: car}
spec: {name: car, socs: [{name: soc1, interfaces: [{name: eth1}]}]}
---
kind: bridge
metadata: {name: b}
spec:
  bridges:
    - {name: br0, bridgeFor: pod, ports: [{interface: br1}]}
    - {name: br1, bridgeFor: pod, ports: [{interface: eth1}, {interface: br0}]}
    - {name: br2, bridgeFor: pod, ports: [{interface: br2}]}
`);
    expect(findingLines(check(documents))).toEqual([
      "ERROR PHAROS-1145 Bridge/b spec.bridges[0].ports[0].interface: br0 has the bridge br1 (Bridge/b spec.bridges[1]) as a port",
      "ERROR PHAROS-1145 Bridge/b spec.bridges[1].ports[1].interface: br1 has the bridge br0 (Bridge/b spec.bridges[0]) as a port",
      "ERROR PHAROS-1145 Bridge/b spec.bridges[2].ports[0].interface: br2 has the bridge br2 (Bridge/b spec.bridges[2]) as a port",
    ]);
  });

  test("finds a missing vehicle and a second one", () => {
    const documents = exampleDocuments();
    expect(findingLines(check({ ...documents, nodes: [] }))).toEqual([
      "ERROR PHAROS-1100 : there is no Node document, so there is no vehicle to configure",
    ]);
    expect(check({ ...documents, nodes: [...documents.nodes, ...documents.nodes] })).toHaveLength(1);
  });
});
