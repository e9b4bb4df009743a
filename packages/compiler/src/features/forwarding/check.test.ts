import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { OWN_PORTS, randomHops, randomTraffic } from "../../../testing/random-vehicles.ts";
import { accept, documentsOf, drop, routingConfig, serviceDeployment } from "../../../testing/test-rules.ts";
import { type TestVehicle, testVehicle } from "../../../testing/test-vehicle.ts";
import type { DocumentSet } from "../../documents.ts";
import { judge } from "../../explain/judge.ts";
import { lawOf } from "../../explain/law.ts";
import { checkForwarding } from "./check.ts";
import { RULE_SHADOWED } from "./codes.ts";

const VEHICLE: TestVehicle = {
  hosts: [
    {
      name: "soc1",
      interfaces: [
        { name: "eth0", address: "10.1.0.2/24", segment: "backbone" },
        { name: "eth1", address: "172.16.1.1/24", segment: "cloud" },
        { name: "wwan0", segment: "mobile" },
      ],
    },
    { name: "ecu1", managed: false, interfaces: [{ name: "can0", address: "10.1.0.7/24", segment: "backbone" }] },
    { name: "ecu2", managed: false, interfaces: [{ name: "can1", address: "10.1.0.8/24", segment: "backbone" }] },
    { name: "cloud1", kind: "cloud", interfaces: [{ name: "eth0", address: "172.16.1.2/24", segment: "cloud" }] },
  ],
  bridges: [
    { name: "podBr0", ranges: [{ subnet: "10.2.1.0/24", blocks: [["soc1", "10.2.1.0/24", "10.2.1.1"]] }] },
    { name: "podBr1", ranges: [{ subnet: "10.2.2.0/24", blocks: [["soc1", "10.2.2.0/24", "10.2.2.1"]] }] },
  ],
};

const SERVICES = [
  serviceDeployment("first", [
    { name: "fusion", ports: [50051] },
    { name: "twice", ports: [1] },
  ]),
  serviceDeployment("second", [{ name: "twice", ports: [2] }]),
];

function findings(...info: Parameters<typeof routingConfig>[1]): readonly string[] {
  const documents = documentsOf([routingConfig("rules", info)], SERVICES);
  return checkForwarding(testVehicle(VEHICLE), documents).map(
    (finding) => `${finding.severity} ${finding.source?.document} ${finding.path}: ${finding.description}`,
  );
}

describe("checkForwarding", () => {
  test("says nothing about rules that can be enforced", () => {
    const rules = [accept("tcp", { dstPort: 80 }), accept("grpc", { service: "fusion" }), accept("dds"), drop("icmp"), accept("all")];
    expect(findings(["podBr0", "podBr1", ...rules], ["ecu1", "cloud1", accept("all")], ["soc1", "ecu1", accept("all")])).toEqual([]);
  });

  test.each<[string, Parameters<typeof routingConfig>[1][number], string]>([
    [
      "an unknown zone",
      ["podBr7", "podBr1", accept("all")],
      "ERROR RoutingConfig/rules spec.routingInfo[0].srcIntfName: no zone is named podBr7",
    ],
    [
      "an ambiguous zone",
      ["podBr0", "eth0", accept("all")],
      "ERROR RoutingConfig/rules spec.routingInfo[0].dstIntfName: eth0 is the name of several zones: cloud1Eth0 (interface), soc1Eth0 (interface)",
    ],
    [
      "a topic",
      ["podBr0", "podBr1", accept("dds", { TopicName: "objects" })],
      "ERROR RoutingConfig/rules spec.routingInfo[0].rules[0].TopicName: TopicName cannot be enforced yet",
    ],
    [
      "a method",
      ["podBr0", "podBr1", accept("grpc", { service: "fusion", method: "Get" })],
      "ERROR RoutingConfig/rules spec.routingInfo[0].rules[0].method: method cannot be enforced yet",
    ],
    [
      "grpc without ports",
      ["podBr0", "podBr1", accept("grpc")],
      "ERROR RoutingConfig/rules spec.routingInfo[0].rules[0].protocol: grpc without dstPort and without a service that has ports would be all of its transport",
    ],
    [
      "an unknown service",
      ["podBr0", "podBr1", accept("rest", { service: "fusio" })],
      "ERROR RoutingConfig/rules spec.routingInfo[0].rules[0].service: no ServiceDeployment has a service named fusio",
    ],
    [
      "a service that is defined twice",
      ["podBr0", "podBr1", accept("rest", { service: "twice" })],
      "ERROR RoutingConfig/rules spec.routingInfo[0].rules[0].service: twice has different ports in ServiceDeployment/default/first and ServiceDeployment/default/second",
    ],
    [
      "a port of icmp",
      ["podBr0", "podBr1", accept("icmp", { dstPort: 8 })],
      "ERROR RoutingConfig/rules spec.routingInfo[0].rules[0].dstPort: icmp has no ports",
    ],
    [
      "a protocol that is not known",
      ["podBr0", "podBr1", accept("sctp")],
      "ERROR RoutingConfig/rules spec.routingInfo[0].rules[0].protocol: sctp is not a protocol that rules know",
    ],
    [
      "a pair inside one bridge",
      ["podBr0", "podBr0", drop("all")],
      "WARNING RoutingConfig/rules spec.routingInfo[0]: both ends are podBr0, and traffic inside one bridge passes",
    ],
    [
      "a pair that nobody enforces",
      ["ecu1", "ecu2", drop("all")],
      "WARNING RoutingConfig/rules spec.routingInfo[0]: no host of the vehicle forwards from ecu1 to ecu2, and neither is a host with an agent",
    ],
    [
      "an interface without an address",
      ["podBr0", "wwan0", accept("all")],
      "WARNING RoutingConfig/rules spec.routingInfo[0].dstIntfName: soc1Wwan0 has no address yet, so no packet is its own",
    ],
  ])("finds %s", (_what, info, expected) => {
    expect(findings(info)).toEqual([expected]);
  });

  test("finds a rule behind a wider one, of a wider zone too, and names that one", () => {
    expect(
      findings(
        ["podBr0", "soc1", accept("tcp")],
        ["podBr0", "soc1Eth0", drop("tcp", { dstPort: 80 }), drop("udp", { dstPort: 80 })],
        ["podBr0", "soc1", accept("udp"), accept("dds"), accept("someip", { dstPort: 1 })],
      ),
    ).toEqual([
      "WARNING RoutingConfig/rules spec.routingInfo[1].rules[0]: never reached: RoutingConfig/rules spec.routingInfo[0].rules[0] (podBr0 -> soc1: ACCEPT tcp) matches all of it before",
      "WARNING RoutingConfig/rules spec.routingInfo[2].rules[1]: never reached: RoutingConfig/rules spec.routingInfo[2].rules[0] (podBr0 -> soc1: ACCEPT udp) matches all of it before",
      "WARNING RoutingConfig/rules spec.routingInfo[2].rules[2]: never reached: RoutingConfig/rules spec.routingInfo[0].rules[0] (podBr0 -> soc1: ACCEPT tcp) matches all of it before",
    ]);
  });

  test("never calls a rule unreachable that decides about some packet", () => {
    const hops = fc.array(randomHops, { minLength: 100, maxLength: 100 });
    const property = fc.property(randomTraffic({ minLength: 100, maxLength: 100 }), hops, ({ of, documents, flows }, at) => {
      const vehicle = testVehicle(of);
      const shadowed = new Set(shadowedPaths(vehicle, documents));
      const law = lawOf({ vehicle, documents, ownPorts: OWN_PORTS });
      const deciding = flows.flatMap((flow, index) => {
        const hop = at[index];
        return hop === undefined ? [] : (judge(law, hop, flow).rule?.origin ?? []);
      });
      expect(deciding.filter((origin) => shadowed.has(`${origin.document} ${origin.path}`))).toEqual([]);
    });
    fc.assert(property, { numRuns: 40 });
  });
});

function shadowedPaths(vehicle: ReturnType<typeof testVehicle>, documents: DocumentSet): readonly string[] {
  const found = checkForwarding(vehicle, documents).filter((finding) => finding.code === RULE_SHADOWED.code);
  return found.map((finding) => `${finding.source?.document} ${finding.path}`);
}
