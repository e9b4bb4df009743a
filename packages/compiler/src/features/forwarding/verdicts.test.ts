import { describe, expect, test } from "@jest/globals";
import { compiledHosts } from "../../../testing/compiled-hosts.ts";
import type { SimulatedHook, SimulatedPacket } from "../../../testing/firewall-simulator.ts";
import { accept, documentsOf, drop, routingConfig, serviceDeployment } from "../../../testing/test-rules.ts";
import { ip, type TestVehicle, testVehicle } from "../../../testing/test-vehicle.ts";
import { ZONE_UNKNOWN } from "./codes.ts";
import { forwarding } from "./feature.ts";

const SERVICES = [serviceDeployment("services", [{ name: "fusion", ports: [443, 50051] }])];

/** soc1 with two VMs on vmBr0, pods behind vm1 on podBr0 and podBr1, two uplinks, and soc2. */
const VEHICLE: TestVehicle = {
  failsafe: [{ host: "soc2", protocol: "tcp", port: 22 }],
  hosts: [
    {
      name: "soc1",
      interfaces: [
        { name: "eth0", address: "10.1.0.2/24", segment: "backbone" },
        { name: "eth8", address: "203.0.113.2/24", segment: "out8", uplink: true },
        { name: "eth9", address: "198.51.100.2/24", segment: "out9", uplink: true },
      ],
    },
    { name: "soc2", interfaces: [{ name: "eth0", address: "10.1.0.3/24", gateway: "10.1.0.2", segment: "backbone" }] },
    {
      name: "vm1",
      kind: "vm",
      parent: "soc1",
      interfaces: [{ name: "eth0", address: "10.2.0.10/24", gateway: "10.2.0.1", segment: "vmBr0" }],
    },
    {
      name: "vm2",
      kind: "vm",
      parent: "soc1",
      interfaces: [{ name: "eth0", address: "10.2.0.11/24", gateway: "10.2.0.1", segment: "vmBr0" }],
    },
    { name: "ecu", managed: false, interfaces: [{ name: "can0", address: "10.1.0.9/24", segment: "backbone" }] },
  ],
  bridges: [
    { name: "vmBr0", bridgeFor: "vm", ranges: [{ subnet: "10.2.0.0/24", blocks: [["soc1", "10.2.0.0/24", "10.2.0.1"]] }] },
    {
      name: "podBr0",
      ipMasq: true,
      ranges: [
        { subnet: "10.3.0.0/24", blocks: [["vm1", "10.3.0.0/24", "10.3.0.1"]] },
        { subnet: "fd00:3::/64", blocks: [["vm1", "fd00:3::/64", "fd00:3::1"]] },
      ],
    },
    {
      name: "podBr1",
      ranges: [
        { subnet: "10.4.0.0/24", blocks: [["vm1", "10.4.0.0/24", "10.4.0.1"]] },
        { subnet: "fd00:4::/64", blocks: [["vm1", "fd00:4::/64", "fd00:4::1"]] },
      ],
    },
  ],
};

type Info = Parameters<typeof routingConfig>[1];

interface Probe extends Partial<SimulatedPacket> {
  readonly at: string;
  readonly hook: SimulatedHook;
}

const forward = (incoming: string, out: string): SimulatedHook => ({ hook: "forward", in: incoming, out });

/** The verdict on a TCP packet from port 40000 to `port`, unless the probe says otherwise. */
function verdict(rules: Info, source: string, destination: string, port: number, probe: Probe, of: Partial<TestVehicle> = {}): string {
  const hosts = compiledHosts(testVehicle({ ...VEHICLE, ...of }), documentsOf([routingConfig("rules", rules)], SERVICES), {
    everyPair: false,
  });
  const { at, hook, ...packet } = probe;
  const defaults = { protocol: "tcp", sourcePort: 40000, rtps: false, established: false } as const;
  const found = hosts.get(at)?.({ ...defaults, source: ip(source), destination: ip(destination), destinationPort: port, ...packet }, hook);
  if (found === undefined) throw new Error(`no agent on ${at}`);
  return `${found.verdict}${found.logged ? " logged" : ""}: ${found.origin ?? "policy"}`;
}

const PODS = { at: "vm1", hook: forward("podBr0", "podBr1") };
const OUT_OF_VM1 = { at: "soc1", hook: forward("vmBr0", "eth0") };

describe("forwarding", () => {
  test("the first rule that matches decides, over all documents in the order of their names", () => {
    const vehicle = testVehicle(VEHICLE);
    const later = routingConfig("b", [["podBr0", "podBr1", drop("tcp", { dstPort: 80 }), accept("tcp", { dstPort: 81 })]]);
    const first = routingConfig("a", [
      ["podBr0", "podBr1", accept("tcp", { dstPort: 80 }), drop("tcp", { dstPort: 81 }), drop("tcp", { dstPort: 80 })],
    ]);
    const vm1 = compiledHosts(vehicle, documentsOf([later, first]), { everyPair: false }).get("vm1");
    const send = (port: number) =>
      vm1?.(
        {
          source: ip("10.3.0.5"),
          destination: ip("10.4.0.5"),
          protocol: "tcp",
          sourcePort: 1,
          destinationPort: port,
          rtps: false,
          established: false,
        },
        PODS.hook,
      );
    expect(send(80)).toMatchObject({ verdict: "accept", origin: "RoutingConfig/a spec.routingInfo[0].rules[0]" });
    expect(send(81)).toMatchObject({ verdict: "drop", origin: "RoutingConfig/a spec.routingInfo[0].rules[1]" });
    expect(send(82)).toMatchObject({ verdict: "drop", origin: "default deny Node/vehicle" });
  });

  test("rules of a host and of its interface are one list for the interface's address", () => {
    const rules: Info = [
      ["vm1", "soc2", drop("tcp", { dstPort: 80 })],
      ["vm1Eth0", "soc2", accept("tcp")],
      ["vm1", "soc2", drop("tcp", { dstPort: 81 })],
    ];
    expect(verdict(rules, "10.2.0.10", "10.1.0.3", 80, OUT_OF_VM1)).toBe("drop: RoutingConfig/rules spec.routingInfo[0].rules[0]");
    expect(verdict(rules, "10.2.0.10", "10.1.0.3", 81, OUT_OF_VM1)).toBe("accept: RoutingConfig/rules spec.routingInfo[1].rules[0]");
  });

  test.each<[string, ReturnType<typeof accept>, Partial<SimulatedPacket>, string]>([
    ["udp is not tcp", accept("udp"), {}, "drop"],
    ["a source port", accept("tcp", { srcPort: 40000 }), {}, "accept"],
    ["another source port", accept("tcp", { srcPort: 40001 }), {}, "drop"],
    ["grpc on a port of its service", accept("grpc", { service: "fusion" }), { destinationPort: 50051 }, "accept"],
    ["grpc on another port", accept("grpc", { service: "fusion" }), {}, "drop"],
    ["grpc over udp", accept("grpc", { service: "fusion" }), { protocol: "udp", destinationPort: 443 }, "drop"],
    ["rest on the rule's own port", accept("rest", { dstPort: 80, service: "fusion" }), {}, "accept"],
    ["someip over udp", accept("someip", { service: "fusion" }), { protocol: "udp", destinationPort: 443 }, "accept"],
    ["someip over tcp", accept("someip", { service: "fusion" }), { destinationPort: 443 }, "accept"],
    ["dds that is RTPS", accept("dds"), { protocol: "udp", rtps: true }, "accept"],
    ["dds that is not RTPS", accept("dds"), { protocol: "udp" }, "drop"],
    ["dds on its port only", accept("dds", { dstPort: 7400 }), { protocol: "udp", rtps: true }, "drop"],
    ["icmp", accept("icmp"), { protocol: "icmp", icmpType: "echo-request" }, "accept"],
    [
      "icmpv6",
      accept("icmp"),
      { protocol: "icmp", icmpType: "echo-request", source: ip("fd00:3::5"), destination: ip("fd00:4::5") },
      "accept",
    ],
    ["tcp over IPv6", accept("tcp", { dstPort: 80 }), { source: ip("fd00:3::5"), destination: ip("fd00:4::5") }, "accept"],
    ["everything", accept("all"), { protocol: "udp" }, "accept"],
    ["replies", drop("all"), { established: true }, "accept"],
  ])("%s", (_what, rule, packet, expected) => {
    expect(verdict([["podBr0", "podBr1", rule]], "10.3.0.5", "10.4.0.5", 80, { ...PODS, ...packet })).toMatch(new RegExp(`^${expected}:`));
  });

  test("a source that is inside a local pod bridge comes in by that bridge, or it is spoofed", () => {
    const rules: Info = [["podBr0", "podBr1", accept("all")]];
    expect(verdict(rules, "10.3.0.5", "10.4.0.5", 80, { at: "vm1", hook: forward("eth0", "podBr1") })).toBe(
      "drop: spoofed source Bridge/podBr0",
    );
    expect(verdict(rules, "10.3.0.5", "10.4.0.5", 80, PODS)).toMatch(/^accept/);
  });

  test("what a bridge carries itself passes, to a group too, but not by way of another link", () => {
    const inside = { at: "vm1", hook: forward("podBr0", "podBr0") };
    expect(verdict([], "10.3.0.5", "10.3.0.6", 80, inside)).toBe("accept: inside one bridge Bridge/podBr0");
    expect(verdict([], "10.3.0.5", "239.255.0.1", 7400, { ...inside, protocol: "udp" })).toBe("accept: inside one bridge Bridge/podBr0");
    expect(verdict([], "10.3.0.5", "239.255.0.1", 7400, { at: "vm1", hook: forward("podBr0", "eth0"), protocol: "udp" })).toMatch(/^drop/);
    expect(verdict([], "10.2.0.10", "10.2.0.11", 80, { at: "soc1", hook: forward("vmBr0", "vmBr0") })).toMatch(
      /^accept: inside one bridge/,
    );
  });

  test("an ACCEPT covers the translated source behind the host that masquerades, before that host's own DROP", () => {
    const rules: Info = [
      ["vm1", "soc2", drop("all")],
      ["podBr0", "soc2", drop("tcp", { dstPort: 81 }), accept("tcp")],
    ];
    expect(verdict(rules, "10.2.0.10", "10.1.0.3", 80, OUT_OF_VM1)).toBe("accept: RoutingConfig/rules spec.routingInfo[1].rules[1]");
    expect(verdict(rules, "10.2.0.10", "10.1.0.3", 81, OUT_OF_VM1)).toBe("drop: RoutingConfig/rules spec.routingInfo[0].rules[0]");
    expect(verdict(rules, "10.2.0.11", "10.1.0.3", 80, OUT_OF_VM1)).toBe("drop: default deny Node/vehicle");
    expect(verdict(rules, "10.2.0.10", "10.1.0.3", 80, { at: "vm1", hook: { hook: "output", out: "eth0" } })).toMatch(
      /^drop: RoutingConfig/,
    );
  });

  test("an ACCEPT of a bridge that is not masqueraded covers no host", () => {
    expect(verdict([["podBr1", "soc2", accept("tcp")]], "10.2.0.10", "10.1.0.3", 80, OUT_OF_VM1)).toBe("drop: default deny Node/vehicle");
  });

  test("an uplink's zone ends at its own device", () => {
    const rules: Info = [["podBr1", "soc1Eth9", accept("tcp")]];
    expect(verdict(rules, "10.4.0.5", "8.8.8.8", 80, { at: "soc1", hook: forward("vmBr0", "eth9") })).toMatch(/^accept/);
    expect(verdict(rules, "10.4.0.5", "8.8.8.8", 80, { at: "soc1", hook: forward("vmBr0", "eth8") })).toMatch(/^drop/);
    expect(verdict(rules, "10.4.0.5", "8.8.8.8", 80, { at: "vm1", hook: forward("podBr1", "eth0") })).toMatch(/^accept/);
  });

  test("flows without a managed end pass untouched, and rules about them hold", () => {
    const hook = forward("eth0", "eth9");
    expect(verdict([], "10.1.0.9", "8.8.8.8", 80, { at: "soc1", hook })).toBe("accept: policy");
    expect(verdict([["ecu", "world", drop("tcp", { dstPort: 80 })]], "10.1.0.9", "8.8.8.8", 80, { at: "soc1", hook })).toMatch(
      /^drop: RoutingConfig/,
    );
    expect(verdict([["ecu", "world", drop("tcp", { dstPort: 80 })]], "10.1.0.9", "8.8.8.8", 81, { at: "soc1", hook })).toBe(
      "accept: policy",
    );
    expect(verdict([], "8.8.8.8", "10.3.0.5", 80, { at: "soc1", hook: forward("eth9", "vmBr0") })).toBe("drop: default deny Node/vehicle");
  });

  test("failsafe ports are open to hosts on a host that forwards, to everybody on the host itself", () => {
    expect(verdict([], "10.2.0.10", "10.1.0.3", 22, OUT_OF_VM1)).toBe("accept: failsafe Node/vehicle");
    expect(verdict([], "10.4.0.5", "10.1.0.3", 22, OUT_OF_VM1)).toBe("drop: default deny Node/vehicle");
    const closed: Info = [["world", "soc2", drop("all")]];
    expect(verdict(closed, "8.8.8.8", "10.1.0.3", 22, { at: "soc2", hook: { hook: "input", in: "eth0" } })).toBe(
      "accept: failsafe Node/vehicle",
    );
    expect(verdict(closed, "8.8.8.8", "10.1.0.3", 23, { at: "soc2", hook: { hook: "input", in: "eth0" } })).toMatch(/^drop: RoutingConfig/);
  });

  test("neighbour discovery passes whatever a document says", () => {
    const packet = { protocol: "icmp", icmpType: "nd-neighbor-solicit", source: ip("fd00:3::5"), destination: ip("fd00:4::5") } as const;
    expect(verdict([["podBr0", "podBr1", drop("all")]], "10.3.0.5", "10.4.0.5", 0, { ...PODS, ...packet })).toBe(
      "accept: failsafe neighbour discovery",
    );
  });

  test("audit logs and passes what would be dropped", () => {
    const rules: Info = [["podBr0", "podBr1", drop("tcp", { dstPort: 80 })]];
    const audit = { enforcement: "audit" } as const;
    expect(verdict(rules, "10.3.0.5", "10.4.0.5", 80, PODS, audit)).toBe("accept logged: enforcement audit Node/vehicle");
    expect(verdict(rules, "10.3.0.5", "10.4.0.5", 81, PODS, audit)).toBe("accept logged: enforcement audit Node/vehicle");
    expect(verdict(rules, "10.3.0.5", "10.3.0.6", 81, PODS, audit)).toBe("accept: forward from podBr0 Node/vehicle");
  });

  test("defaultAction ACCEPT leaves the rules and nothing else", () => {
    const rules: Info = [["podBr0", "podBr1", drop("tcp", { dstPort: 80 })]];
    const open = { defaultAction: "ACCEPT" } as const;
    expect(verdict(rules, "10.3.0.5", "10.4.0.5", 80, PODS, open)).toMatch(/^drop: RoutingConfig/);
    expect(verdict(rules, "10.3.0.5", "10.4.0.5", 81, PODS, open)).toBe("accept: policy");
  });

  test("a host without an agent gets no firewall, and findings are told all the same", () => {
    const vehicle = testVehicle(VEHICLE);
    const host = vehicle.hosts.find((known) => known.name === "ecu");
    if (host === undefined) throw new Error("the vehicle has an ecu");
    const documents = documentsOf([routingConfig("rules", [["podBr0", "nowhere", accept("all")]])]);
    const facts = { bridgeNetfilter: true, nftables: true, ipv6: true, interfaces: [] };
    const { contribution, findings } = forwarding({ vehicle, host, documents, live: { podNetworks: [], serviceRegistrations: [] }, facts });
    expect(contribution).toEqual({});
    expect(findings.map((finding) => finding.code)).toEqual([ZONE_UNKNOWN.code]);
  });
});
