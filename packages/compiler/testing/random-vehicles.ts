import { bitsOf, type Family, type Ip } from "@pharos/hoststate";
import fc from "fast-check";
import type { ClusterFacts } from "../src/cluster/cluster-facts.ts";
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

/** Zones that rules may name, and addresses that are (also) in them. */
const ZONE_ADDRESSES: Readonly<Record<string, readonly string[]>> = {
  podBr0: ["10.2.1.5", "10.2.1.200", "fd00:1::5", "fd00:1:0:0:8000::5"],
  podBr1: ["10.3.1.5"],
  vmBr0: ["10.2.0.77", "fd00:2::c"],
  soc1: ["10.1.0.2", "10.2.0.1", "172.16.1.1", "fd00:2::1"],
  soc2: ["10.1.0.3", "203.0.113.2", "10.2.1.129", "fd00:1:0:0:8000::1"],
  vm1: ["10.2.0.10", "10.2.1.1", "10.3.1.1", "fd00:1::1"],
  vm2: ["10.2.0.11", "fd00:2::b"],
  cloud_vm1: ["172.16.1.2"],
  world: ["8.8.8.8", "198.51.100.9", "10.1.0.9", "2001:db8::1"],
  soc1Eth0: ["10.1.0.2"],
  soc1Eth9: ["198.51.100.2", "8.8.8.8"],
  eth8: ["203.0.113.2", "8.8.8.8"],
  vm1Eth0: ["10.2.0.10", "8.8.8.8"],
  vm2Eth0: ["fd00:2::b"],
  cloud_vm1Eth0: ["172.16.1.2"],
};

/** Addresses of the cluster's DNS Service. */
const DNS_SERVICE = { ipv4: "10.96.0.10", ipv6: "fd00:96::a" } as const;
const POD_CIDR_ADDRESSES = ["10.42.0.9", "10.42.1.7", "fd00:42::7"];

const ODD_ADDRESSES = [
  DNS_SERVICE.ipv4,
  DNS_SERVICE.ipv6,
  ...POD_CIDR_ADDRESSES,
  "239.255.0.1",
  "0.0.0.0",
  "255.255.255.255",
  "::",
  "ff02::1",
];

const zoneNames = Object.keys(ZONE_ADDRESSES);

/** A port that rules and packets often have in common. */
const commonPort = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(80, 50000) }, { weight: 1, arbitrary: fc.constantFrom(...PORTS) });

const rule: fc.Arbitrary<TestRule> = fc
  .record({
    action: fc.constantFrom(accept, drop),
    protocol: fc.constantFrom("all", "tcp", "tcp", "udp", "icmp", "dds", "grpc", "rest", "someip"),
    dstPort: fc.option(commonPort, { nil: undefined }),
    srcPort: fc.option(commonPort, { nil: undefined, freq: 1 }),
  })
  .map(({ action, protocol, dstPort, srcPort }) => {
    if (protocol === "icmp") return action(protocol);
    const service = dstPort === undefined && ["grpc", "rest", "someip"].includes(protocol) ? { service: "fusion" } : {};
    return action(protocol, { ...(dstPort === undefined ? {} : { dstPort }), ...(srcPort === undefined ? {} : { srcPort }), ...service });
  });

const services = [serviceDeployment("services", [{ name: "fusion", ports: [443, 50000] }])];

type Info = readonly [source: string, destination: string, ...rules: TestRule[]];

/** Two RoutingConfigs of rules between few zones, so that several rules apply to one flow. */
function documentsBetween(names: readonly string[]): fc.Arbitrary<DocumentSet> {
  const info = fc
    .tuple(fc.constantFrom(...names), fc.constantFrom(...names), fc.array(rule, { maxLength: 4 }))
    .map(([source, destination, rules]): Info => [source, destination, ...rules]);
  const infos = fc.array(info, { minLength: 1, maxLength: 8 });
  return fc
    .tuple(infos, infos)
    .map(([first, second]) => documentsOf([routingConfig("b-later", second), routingConfig("a-first", first)], services));
}

const anyPort = fc.oneof(
  { weight: 4, arbitrary: commonPort },
  { weight: 1, arbitrary: fc.constant(53) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 65535 }) },
);

/** Packets between addresses of `names` mostly, of every other zone, and from anywhere. */
function flowsBetween(names: readonly string[]): fc.Arbitrary<Flow> {
  const near = names.flatMap((name) => ZONE_ADDRESSES[name] ?? []);
  const all = [...Object.values(ZONE_ADDRESSES).flat(), ...ODD_ADDRESSES];
  const address = (family: Family): fc.Arbitrary<Ip> => {
    const ofFamily = (texts: readonly string[]) => texts.map(ip).filter((one) => one.family === family);
    const close = ofFamily(near);
    return fc.oneof(
      { weight: close.length > 0 ? 12 : 0, arbitrary: fc.constantFrom(...(close.length > 0 ? close : ofFamily(all))) },
      { weight: 3, arbitrary: fc.constantFrom(...ofFamily(all)) },
      { weight: 1, arbitrary: fc.bigInt({ min: 0n, max: (1n << BigInt(bitsOf(family))) - 1n }).map((value) => ({ family, value })) },
    );
  };
  return fc.constantFrom<Family[]>("ipv4", "ipv4", "ipv4", "ipv6").chain((family) =>
    fc.record({
      source: address(family),
      destination: address(family),
      protocol: fc.constantFrom("tcp", "tcp", "udp", "udp", "icmp"),
      sourcePort: anyPort,
      destinationPort: anyPort,
      rtps: fc.boolean(),
    }),
  );
}

/** A vehicle, rules between a few of its zones, and packets that these rules are about. */
export interface RandomTraffic {
  readonly of: TestVehicle;
  readonly documents: DocumentSet;
  readonly flows: readonly Flow[];
  /** Undefined: the vehicle is on no Kubernetes cluster. */
  readonly cluster: ClusterFacts | undefined;
}

/** Clusters on these vehicles, with a node outside of the documents and DNS on a documented bridge or a podCIDR; one server a family. */
const randomClusters: fc.Arbitrary<ClusterFacts> = fc.record({
  nodes: fc.subarray([
    { name: "n1", host: "soc1", podCidrs: ["10.42.0.0/24"], addresses: ["10.1.0.2"] },
    { name: "n2", host: "vm1", podCidrs: ["10.42.1.0/24", "fd00:42::/64"], addresses: ["10.2.0.10"] },
    { name: "n3", host: "n3", podCidrs: [], addresses: ["10.1.0.9", "2001:db8::1"] },
  ]),
  apiServers: fc.subarray([
    { address: "10.1.0.2", port: 443 },
    { address: "198.51.100.9", port: 443 },
    { address: "2001:db8::1", port: 80 },
  ]),
  dns: fc.subarray([DNS_SERVICE.ipv4, DNS_SERVICE.ipv6]),
  dnsEndpoints: fc
    .tuple(fc.constantFrom("10.2.1.5", "10.2.1.200", "10.42.1.7", "10.1.0.3"), fc.constantFrom("fd00:1::5", "fd00:42::7"))
    .chain((servers) => fc.subarray([...servers])),
  kubeletPort: fc.constantFrom(50000, 10250),
});

export function randomTraffic(flows: { readonly minLength: number; readonly maxLength: number }): fc.Arbitrary<RandomTraffic> {
  return fc.subarray(zoneNames, { minLength: 2, maxLength: 4 }).chain((names) =>
    fc.record({
      of: randomVehicles,
      documents: documentsBetween(names),
      flows: fc.array(flowsBetween(names), flows),
      cluster: fc.option(randomClusters, { nil: undefined }),
    }),
  );
}

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
