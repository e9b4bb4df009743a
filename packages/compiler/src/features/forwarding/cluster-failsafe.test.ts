import { describe, expect, test } from "@jest/globals";
import { compiledHosts } from "../../../testing/compiled-hosts.ts";
import type { SimulatedPacket } from "../../../testing/firewall-simulator.ts";
import { accept, documentsOf, drop, routingConfig } from "../../../testing/test-rules.ts";
import { ip, type TestVehicle, testVehicle } from "../../../testing/test-vehicle.ts";
import type { ClusterFacts } from "../../cluster/cluster-facts.ts";
import { explain } from "../../explain/explain.ts";

/** Nodes vm1 and vm2 behind two SoCs, each with a block of podBr0; the API server on soc1, which is no node; DNS on vm2. */
const VEHICLE: TestVehicle = {
  hosts: [
    { name: "soc1", interfaces: [{ name: "eth0", address: "10.1.0.2/24" }] },
    { name: "soc2", interfaces: [{ name: "eth0", address: "10.1.0.3/24" }] },
    {
      name: "vm1",
      kind: "vm",
      parent: "soc1",
      interfaces: [{ name: "eth0", address: "10.2.0.10/24", gateway: "10.2.0.1", segment: "vmBr0" }],
    },
    {
      name: "vm2",
      kind: "vm",
      parent: "soc2",
      interfaces: [{ name: "eth0", address: "10.3.0.10/24", gateway: "10.3.0.1", segment: "vmBr1" }],
    },
    { name: "cloud1", kind: "cloud", interfaces: [{ name: "eth0", address: "10.1.0.9/24" }] },
  ],
  bridges: [
    { name: "vmBr0", bridgeFor: "vm", ranges: [{ subnet: "10.2.0.0/24", blocks: [["soc1", "10.2.0.0/24", "10.2.0.1"]] }] },
    { name: "vmBr1", bridgeFor: "vm", ranges: [{ subnet: "10.3.0.0/24", blocks: [["soc2", "10.3.0.0/24", "10.3.0.1"]] }] },
    { name: "podBr0", ranges: [{ subnet: "10.4.0.0/24", blocks: [["vm1", "10.4.0.0/24", "10.4.0.1"]] }] },
    { name: "dnsBr0", ranges: [{ subnet: "10.5.0.0/24", blocks: [["vm2", "10.5.0.0/24", "10.5.0.1"]] }] },
  ],
};
const CLUSTER: ClusterFacts = {
  nodes: [
    { name: "vm1", host: "vm1", podCidrs: ["10.42.0.0/24"], addresses: ["10.2.0.10"] },
    { name: "vm2", host: "vm2", podCidrs: ["10.42.1.0/24"], addresses: ["10.3.0.10"] },
  ],
  apiServers: [{ address: "10.1.0.2", port: 6443 }],
  dns: ["10.43.0.10"],
  dnsEndpoints: ["10.5.0.8"],
  kubeletPort: 10250,
};
/** All that a rule can close. */
const PARTS = ["soc1", "soc2", "vm1", "vm2", "podBr0", "dnsBr0", "world"] as const;
const CLOSED = PARTS.flatMap((from) => PARTS.map((to) => [from, to, drop("all")] as const));
const RULES = { closed: CLOSED, none: [] } as const;

const DEVICES: Readonly<Record<string, readonly [string, string]>> = {
  "vm1 forward": ["podBr0", "eth0"],
  "vm2 forward": ["eth0", "dnsBr0"],
  "vm2 back": ["dnsBr0", "eth0"],
  "soc1 forward": ["vmBr0", "eth0"],
  "soc2 forward": ["eth0", "vmBr1"],
  "vm1 output": ["", "eth0"],
  "vm2 input": ["eth0", ""],
  "soc1 input": ["eth0", ""],
};

/** Says `10.4.0.5 -> 10.5.0.8 udp/53` at a hook of a host, under the named rules. */
function verdict(rules: keyof typeof RULES, at: string, text: string, packet: Partial<SimulatedPacket> = {}): string {
  const [, source = "", destination = "", protocol, port] = /^(\S+) -> (\S+) (tcp|udp)\/(\d+)$/.exec(text) ?? [];
  const hosts = compiledHosts(testVehicle(VEHICLE), documentsOf([routingConfig("rules", RULES[rules])]), {
    everyPair: false,
    cluster: CLUSTER,
  });
  const [host = "", where] = at.split(" ");
  const [incoming = "", out = ""] = DEVICES[at] ?? [];
  const hook =
    where === "input" ? { hook: where, in: incoming } : where === "output" ? { hook: where, out } : { hook: "forward", in: incoming, out };
  const found = hosts.get(host)?.(
    {
      source: ip(source),
      destination: ip(destination),
      protocol: protocol === "udp" ? "udp" : "tcp",
      sourcePort: 40000,
      destinationPort: Number(port),
      rtps: false,
      established: false,
      ...packet,
    },
    hook as Parameters<NonNullable<ReturnType<typeof hosts.get>>>[1],
  );
  return `${found?.verdict}: ${found?.origin}`;
}

const asked = (destination: string, port: number) => ({ asked: { destination: ip(destination), port } });

describe.each(["none", "closed"] as const)("what keeps a cluster alive under rules: %s", (rules) => {
  test.each([
    ["a node's host", "API server", "soc1 input", "10.2.0.10 -> 10.1.0.2 tcp/6443"],
    ["a node's host", "API server", "soc2 forward", "10.3.0.10 -> 10.1.0.2 tcp/6443"],
    ["a host that is no node", "API server", "soc1 input", "10.1.0.3 -> 10.1.0.2 tcp/6443"],
    ["the API server", "kubelet", "soc2 forward", "10.1.0.2 -> 10.3.0.10 tcp/10250"],
    ["the API server", "kubelet", "vm2 input", "10.1.0.2 -> 10.3.0.10 tcp/10250"],
    ["a node", "kubelet", "soc1 forward", "10.2.0.10 -> 10.3.0.10 tcp/10250"],
  ])("%s reaches the %s at %s", (_who, _what, at, text) => {
    const result = verdict(rules, at, text);
    // Under no rules nothing filters a host's own traffic.
    expect(result).toMatch(rules === "none" && at.endsWith("input") ? /^accept/ : /^accept: failsafe API server and kubelet$/);
  });

  test.each([
    ["vm1 forward", "10.4.0.5 -> 10.5.0.8 udp/53", asked("10.43.0.10", 53)],
    ["vm1 forward", "10.42.0.5 -> 10.5.0.8 tcp/53", asked("10.43.0.10", 53)],
    ["vm1 forward", "10.4.0.5 -> 10.5.0.99 udp/5353", asked("10.43.0.10", 53)],
    ["soc1 forward", "10.4.0.5 -> 10.5.0.8 udp/53", {}],
    ["vm2 forward", "10.4.0.5 -> 10.5.0.8 udp/53", {}],
    ["vm2 forward", "10.2.0.10 -> 10.5.0.8 udp/53", {}],
  ])("pods and hosts reach cluster DNS at %s: %s", (at, text, packet) => {
    expect(verdict(rules, at, text, packet)).toBe("accept: failsafe cluster DNS");
  });

  test("cluster DNS reaches the API server, other pods do not", () => {
    expect(verdict(rules, "vm2 back", "10.5.0.8 -> 10.1.0.2 tcp/6443")).toBe("accept: failsafe API server for cluster DNS");
    expect(verdict(rules, "vm2 back", "10.5.0.9 -> 10.1.0.2 tcp/6443")).toMatch(/^drop/);
    expect(verdict(rules, "vm1 forward", "10.4.0.5 -> 10.1.0.2 tcp/6443", asked("10.43.0.1", 443))).toMatch(/^drop/);
  });

  test.each([
    ["another port of the pods that serve DNS", "vm1 forward", "10.4.0.5 -> 10.5.0.8 tcp/9153", {}],
    ["another port of the DNS Service", "vm1 forward", "10.4.0.5 -> 10.5.0.8 tcp/9153", asked("10.43.0.10", 9153)],
    ["the world that asks DNS", "vm2 forward", "8.8.8.8 -> 10.5.0.8 udp/53", {}],
    ["a pod that asks another Service for DNS", "vm1 forward", "10.4.0.5 -> 10.5.0.9 udp/53", asked("10.43.0.11", 53)],
    ["a pod that asks a kubelet", "vm1 forward", "10.4.0.5 -> 10.3.0.10 tcp/10250", {}],
    ["another port of a node", "soc1 forward", "10.2.0.10 -> 10.3.0.10 tcp/10251", {}],
    ["a cloud VM that asks the API server's port on a node", "soc2 forward", "10.1.0.9 -> 10.3.0.10 tcp/10250", {}],
  ])("nothing else is opened: %s", (_what, at, text, packet) => {
    expect(verdict(rules, at, text, packet)).toMatch(/^drop/);
  });
});

describe("a Service", () => {
  test("is reached exactly where the documents allow the pod behind it, whatever address was asked for", () => {
    const documents = documentsOf([routingConfig("rules", [["podBr0", "dnsBr0", accept("tcp", { dstPort: 8080 })]])]);
    const vm1 = compiledHosts(testVehicle(VEHICLE), documents, { everyPair: false, cluster: CLUSTER }).get("vm1");
    const send = (destinationPort: number, packet: Partial<SimulatedPacket>) =>
      vm1?.(
        {
          source: ip("10.4.0.5"),
          destination: ip("10.5.0.20"),
          protocol: "tcp",
          sourcePort: 40000,
          destinationPort,
          rtps: false,
          established: false,
          ...packet,
        },
        { hook: "forward", in: "podBr0", out: "eth0" },
      );
    for (const service of [{}, asked("10.43.7.7", 80), asked("10.43.7.7", 53), asked("10.43.0.10", 80)]) {
      expect(send(8080, service)?.verdict).toBe("accept");
      expect(send(8081, service)?.verdict).toBe("drop");
    }
  });
});

describe("explain", () => {
  const vehicle = testVehicle(VEHICLE);
  const live = { podNetworks: [], cluster: CLUSTER };
  const reason = (from: string, to: string, protocol: "tcp" | "udp", port: number) =>
    explain({ vehicle, documents: documentsOf([]), live }, { from, to, protocol, port }).value?.reason;

  test("names what is kept, also for the DNS Service's own address", () => {
    expect(reason("podBr0", "10.43.0.10", "udp", 53)).toBe("failsafe (cluster DNS) on vm1 (forward)");
    expect(reason("10.5.0.8", "soc1", "tcp", 6443)).toMatch(/^failsafe \(API server\)/);
    expect(reason("soc1", "vm2", "tcp", 10250)).toMatch(/^failsafe \(kubelet\)/);
  });

  test("knows no cluster without facts about it", () => {
    const { value } = explain({ vehicle, documents: documentsOf([]) }, { from: "podBr0", to: "10.5.0.8", protocol: "udp", port: 53 });
    expect(value?.verdict).toBe("DROP");
  });
});
