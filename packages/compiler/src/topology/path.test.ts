import { describe, expect, test } from "@jest/globals";
import { formatIp, formatPrefix, type Ip, parseIp } from "@pharos/hoststate";
import { exampleDocuments } from "../../testing/example.ts";
import { buildVehicle } from "../vehicle/build.ts";
import { nextHops } from "./next-hops.ts";
import { forwardersOf, pathBetween } from "./path.ts";
import { type Topology, topologyOf } from "./topology.ts";

function exampleTopology(): Topology {
  const { value } = buildVehicle({ documents: exampleDocuments() });
  if (value === undefined) throw new Error("the example is a vehicle");
  return topologyOf(value);
}

function ip(text: string): Ip {
  const value = parseIp(text);
  if (value === undefined) throw new Error(text);
  return value;
}

describe("nextHops", () => {
  const topology = exampleTopology();
  const table = (host: string) =>
    nextHops(topology, host).map((hop) => {
      const via = hop.via === undefined ? "" : ` via ${formatIp(hop.via.ip)} (${hop.via.host})`;
      return `${formatPrefix(hop.destination)}${via} on ${hop.link}${hop.connected ? " connected" : ""}`;
    });

  test("leads from each host to every prefix of the vehicle", () => {
    expect(table("soc1")).toEqual([
      "10.1.0.0/24 on eth0 connected",
      "10.2.0.0/24 on vmBr0 connected",
      "10.2.1.0/24 via 10.2.0.10 (vm1) on vmBr0",
      "172.16.1.0/24 on eth1 connected",
    ]);
    expect(table("soc2")).toEqual([
      "10.1.0.0/24 on eth0 connected",
      "10.2.0.0/24 via 10.1.0.2 (soc1) on eth0",
      "10.2.1.0/24 via 10.1.0.2 (soc1) on eth0",
      "172.16.1.0/24 via 10.1.0.2 (soc1) on eth0",
    ]);
    expect(table("vm2")).toEqual([
      "10.1.0.0/24 via 10.2.0.1 (soc1) on eth0",
      "10.2.0.0/24 on eth0 connected",
      "10.2.1.0/24 via 10.2.0.10 (vm1) on eth0",
      "172.16.1.0/24 via 10.2.0.1 (soc1) on eth0",
    ]);
  });
});

describe("pathBetween", () => {
  const topology = exampleTopology();
  const way = (from: string, to: string) => {
    const path = pathBetween(topology, ip(from), ip(to));
    if (path === undefined) return "no way";
    const hops = path.hops.map((hop) => [hop.in, hop.host, hop.out].filter((part) => part !== undefined).join(">"));
    return `${hops.join(" ")}${path.leaves ? " leaves" : ""}`.trim();
  };

  test.each([
    ["10.2.1.5", "10.2.1.7", ""],
    ["10.2.0.10", "172.16.1.2", "vm1>eth0 vmBr0>soc1>eth1 eth0>cloud_vm1"],
    ["172.16.1.2", "10.2.0.10", "cloud_vm1>eth0 eth1>soc1>vmBr0 eth0>vm1"],
    ["10.2.1.5", "172.16.1.2", "podBr0>vm1>eth0 vmBr0>soc1>eth1 eth0>cloud_vm1"],
    ["10.2.1.5", "10.1.0.3", "podBr0>vm1>eth0 vmBr0>soc1>eth0 eth0>soc2"],
    ["10.1.0.3", "10.2.1.5", "soc2>eth0 eth0>soc1>vmBr0 eth0>vm1>podBr0"],
    ["10.2.0.10", "10.2.0.11", "vm1>eth0 eth0>vm2"],
    ["10.1.0.3", "10.2.0.1", "soc2>eth0 eth0>soc1"],
    ["10.2.1.5", "10.2.1.1", "podBr0>vm1"],
    ["10.2.0.10", "8.8.8.8", "no way"],
    ["8.8.8.8", "10.2.1.5", "eth1>soc1>vmBr0 eth0>vm1>podBr0"],
  ])("goes from %s to %s by %s", (from, to, expected) => {
    expect(way(from, to)).toBe(expected);
  });

  test("tells the hosts that forward, and only them", () => {
    const path = pathBetween(topology, ip("10.2.1.5"), ip("10.1.0.3"));
    expect(path === undefined ? [] : forwardersOf(path)).toEqual([
      { host: "vm1", in: "podBr0", out: "eth0" },
      { host: "soc1", in: "vmBr0", out: "eth0" },
    ]);
  });
});
