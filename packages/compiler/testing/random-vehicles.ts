import { bitsOf, type Ip } from "@pharos/hoststate";
import fc from "fast-check";
import type { DocumentSet } from "../src/documents.ts";
import type { Flow, HopRole } from "../src/explain/flow.ts";
import type { Vehicle } from "../src/vehicle/model.ts";
import { accept, documentsOf, drop, routingConfig, serviceDeployment, type TestRule } from "./test-rules.ts";
import { ip, type TestHost, type TestVehicle } from "./test-vehicle.ts";

/** Ports of Pharos in these tests. */
export const OWN_PORTS = [{ protocol: "tcp", port: 9091 }] as const;
const PORTS = [22, 67, 80, 319, 443, 7400, 9091, 50000] as const;

/** Vehicles with every feature that changes a verdict: uplinks, unmanaged hosts, blocks on two hosts, masquerading, both families. */
export const randomVehicles: fc.Arbitrary<TestVehicle> = fc
  .record({
    uplinks: fc.subarray(["soc1", "soc2", "vm1"]),
    unmanaged: fc.subarray(["soc2", "vm2"]),
    masqueraded: fc.subarray(["podBr0", "podBr1", "vmBr0"]),
    gateways: fc.subarray(["podBr0", "podBr1", "vmBr0"]),
    uplinkOnBridge: fc.boolean(),
    gatewayOfSoc2: fc.boolean(),
    defaultAction: fc.constantFrom<Vehicle["defaultAction"][]>("DROP", "DROP", "DROP", "ACCEPT"),
    enforcement: fc.constantFrom<Vehicle["enforcement"][]>("enforce", "enforce", "audit"),
    failsafe: fc.subarray<Vehicle["failsafe"][number]>([
      { host: "soc1", protocol: "tcp", port: 22 },
      { host: "vm2", protocol: "udp", port: 7400 },
    ]),
  })
  .map((of) => {
    const uplink = (host: string) => ({ uplink: of.uplinks.includes(host) });
    const hosts: TestHost[] = [
      {
        name: "soc1",
        interfaces: [
          { name: "eth0", address: "10.1.0.2/24" },
          { name: "eth1", address: "172.16.1.1/24", segment: "cloud" },
          { name: "eth9", address: "198.51.100.2/24", segment: "out1", ...uplink("soc1") },
        ],
      },
      {
        name: "soc2",
        managed: !of.unmanaged.includes("soc2"),
        interfaces: [
          { name: "eth0", address: "10.1.0.3/24", ...(of.gatewayOfSoc2 ? { gateway: "10.1.0.2" } : {}) },
          { name: "eth8", address: "203.0.113.2/24", segment: "out2", ...uplink("soc2") },
        ],
      },
      {
        name: "vm1",
        kind: "vm",
        parent: "soc1",
        interfaces: [{ name: "eth0", address: "10.2.0.10/24", gateway: "10.2.0.1", segment: "vmBr0", ...uplink("vm1") }],
      },
      {
        name: "vm2",
        kind: "vm",
        parent: "soc1",
        managed: !of.unmanaged.includes("vm2"),
        interfaces: [
          { name: "eth0", address: "fd00:2::b/64", segment: "vmBr0" },
          { name: "eth1", address: "10.2.0.11/24", segment: "vmBr0" },
        ],
      },
      { name: "cloud_vm1", kind: "cloud", interfaces: [{ name: "eth0", address: "172.16.1.2/24", segment: "cloud" }] },
    ];
    const flags = (name: string) => ({ ipMasq: of.masqueraded.includes(name), isGateway: of.gateways.includes(name) });
    return {
      hosts,
      defaultAction: of.defaultAction,
      enforcement: of.enforcement,
      failsafe: of.failsafe,
      bridges: [
        {
          name: "podBr0",
          ...flags("podBr0"),
          ranges: [
            {
              subnet: "10.2.1.0/24",
              blocks: [
                ["vm1", "10.2.1.0/25", "10.2.1.1"],
                ["soc2", "10.2.1.128/25", "10.2.1.129"],
              ],
            },
            {
              subnet: "fd00:1::/64",
              blocks: [
                ["vm1", "fd00:1::/65", "fd00:1::1"],
                ["soc2", "fd00:1:0:0:8000::/65", "fd00:1:0:0:8000::1"],
              ],
            },
          ],
        },
        { name: "podBr1", ...flags("podBr1"), ranges: [{ subnet: "10.3.1.0/24", blocks: [["vm1", "10.3.1.0/24", "10.3.1.1"]] }] },
        {
          name: "vmBr0",
          bridgeFor: "vm",
          ...flags("vmBr0"),
          ranges: [
            { subnet: "10.2.0.0/24", blocks: [["soc1", "10.2.0.0/24", "10.2.0.1"]] },
            { subnet: "fd00:2::/64", blocks: [["soc1", "fd00:2::/64", "fd00:2::1"]] },
          ],
          ports: of.uplinkOnBridge ? [{ host: "soc1", interface: "eth9" }] : [],
        },
      ],
    } satisfies TestVehicle;
  });

const ZONES = [
  "podBr0",
  "podBr1",
  "vmBr0",
  "soc1",
  "soc2",
  "vm1",
  "vm2",
  "cloud_vm1",
  "world",
  "soc1Eth0",
  "soc1Eth9",
  "eth8",
  "vm1Eth0",
  "vm2Eth0",
  "cloud_vm1Eth0",
];

const rule: fc.Arbitrary<TestRule> = fc
  .record({
    action: fc.constantFrom(accept, drop),
    protocol: fc.constantFrom("all", "tcp", "tcp", "udp", "icmp", "dds", "grpc", "rest", "someip"),
    dstPort: fc.option(fc.constantFrom(...PORTS), { nil: undefined }),
    srcPort: fc.option(fc.constantFrom(...PORTS), { nil: undefined, freq: 2 }),
  })
  .map(({ action, protocol, dstPort, srcPort }) => {
    if (protocol === "icmp") return action(protocol);
    const service = dstPort === undefined && ["grpc", "rest", "someip"].includes(protocol) ? { service: "fusion" } : {};
    return action(protocol, { ...(dstPort === undefined ? {} : { dstPort }), ...(srcPort === undefined ? {} : { srcPort }), ...service });
  });

const infos = fc.array(
  fc
    .tuple(fc.constantFrom(...ZONES), fc.constantFrom(...ZONES), fc.array(rule, { maxLength: 4 }))
    .map(([source, destination, rules]) => [source, destination, ...rules] as [string, string, ...TestRule[]]),
  { minLength: 1, maxLength: 8 },
);

const configs = fc.tuple(infos, infos).map(([first, second]) => [routingConfig("b-later", second), routingConfig("a-first", first)]);

const ADDRESSES = {
  ipv4: [
    "10.1.0.2",
    "10.1.0.3",
    "10.1.0.9",
    "172.16.1.1",
    "172.16.1.2",
    "10.2.0.1",
    "10.2.0.10",
    "10.2.0.11",
    "10.2.0.77",
    "10.2.1.1",
    "10.2.1.5",
    "10.2.1.129",
    "10.2.1.200",
    "10.3.1.1",
    "10.3.1.5",
    "198.51.100.2",
    "198.51.100.9",
    "203.0.113.2",
    "8.8.8.8",
    "239.255.0.1",
    "0.0.0.0",
    "255.255.255.255",
  ],
  ipv6: [
    "fd00:1::1",
    "fd00:1::5",
    "fd00:1:0:0:8000::1",
    "fd00:1:0:0:8000::5",
    "fd00:2::1",
    "fd00:2::b",
    "fd00:2::c",
    "2001:db8::1",
    "::",
    "ff02::1",
  ],
} as const;

const port = fc.oneof(fc.constantFrom(...PORTS), fc.integer({ min: 1, max: 65535 }));

/** Packets between addresses of every zone of `randomVehicles`, and some from anywhere. */
export const randomFlows: fc.Arbitrary<Flow> = fc.constantFrom("ipv4" as const, "ipv4" as const, "ipv6" as const).chain((family) => {
  const address: fc.Arbitrary<Ip> = fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...ADDRESSES[family]).map(ip) },
    { weight: 1, arbitrary: fc.bigInt({ min: 0n, max: (1n << BigInt(bitsOf(family))) - 1n }).map((value) => ({ family, value })) },
  );
  return fc.record({
    source: address,
    destination: address,
    protocol: fc.constantFrom("tcp", "tcp", "udp", "icmp"),
    sourcePort: port,
    destinationPort: port,
    rtps: fc.boolean(),
  });
});

const DEVICES = ["eth0", "eth1", "eth8", "eth9", "podBr0", "podBr1", "vmBr0"];

/** Any hook of any host with any devices, also where no packet would come in. */
export const randomHops: fc.Arbitrary<HopRole> = fc
  .record({
    host: fc.constantFrom("soc1", "soc2", "vm1", "vm2"),
    role: fc.constantFrom("forward", "forward", "input", "output"),
    in: fc.constantFrom(...DEVICES),
    out: fc.constantFrom(...DEVICES),
  })
  .map((of) => ({
    host: of.host,
    role: of.role,
    ...(of.role === "output" ? {} : { in: of.in }),
    ...(of.role === "input" ? {} : { out: of.out }),
  }));

const services = [serviceDeployment("services", [{ name: "fusion", ports: [443, 50000] }])];

/** Two RoutingConfigs of random rules between the zones of `randomVehicles`, and the service that some rules name. */
export const randomDocuments: fc.Arbitrary<DocumentSet> = configs.map((rules) => documentsOf(rules, services));
