/** A call that is wrong by itself: nothing of it may reach the ledger or the kernel. */
export interface BadInput {
  readonly what: string;
  /** Commands that it is tried with, each in all versions that have it. */
  readonly verbs: readonly Verb[];
  /** Fields over those of a good configuration; undefined removes one. A text is standard input as it is. */
  readonly config?: Readonly<Record<string, unknown>> | string;
  /** Variables over good ones; undefined removes one. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly code: number;
  /** A part of the message. */
  readonly says: string;
}

export type Verb = "ADD" | "DEL" | "CHECK" | "GC" | "STATUS";

type Row = readonly [what: string, value: unknown, says: string];

const POD: readonly Verb[] = ["ADD", "DEL", "CHECK"];
const ALL: readonly Verb[] = ["ADD", "DEL", "CHECK", "GC", "STATUS"];
const ADD: readonly Verb[] = ["ADD"];
const LONG = "x".repeat(256);

/** CNI_* variables: error 4, with the variable's name. */
const ENVIRONMENT: readonly BadInput[] = [
  ...["", "add", "ATTACH", "DELETE"].map((verb) => ({
    what: `CNI_COMMAND ${JSON.stringify(verb)}`,
    verbs: ADD,
    env: { CNI_COMMAND: verb },
    code: 4,
    says: "CNI_COMMAND is",
  })),
  ...[undefined, "", "-a", "a/b", "..", "a b", "ä", LONG].map((value) => ({
    what: `CNI_CONTAINERID ${value === LONG ? "of 256 bytes" : JSON.stringify(value)}`,
    verbs: POD,
    env: { CNI_CONTAINERID: value },
    code: 4,
    says: "CNI_CONTAINERID is not valid",
  })),
  ...[undefined, "", ".", "..", "a/b", "a b", "a:b", "abcdefghijklmnop"].map((value) => ({
    what: `CNI_IFNAME ${JSON.stringify(value)}`,
    verbs: POD,
    env: { CNI_IFNAME: value },
    code: 4,
    says: "CNI_IFNAME is not an interface name",
  })),
  ...[undefined, "", "/nowhere/netns", "/proc/self/status", "/proc", "/proc/self/ns/net"].map((value) => ({
    what: `CNI_NETNS ${JSON.stringify(value)}`,
    verbs: ["ADD", "CHECK"] as const,
    env: { CNI_NETNS: value },
    code: 4,
    says: "PHAROS-5005",
  })),
  ...["IP", "=x", "a=1;b"].map((value) => ({
    what: `CNI_ARGS ${value}`,
    verbs: ADD,
    env: { CNI_ARGS: value },
    code: 4,
    says: "not KEY=value",
  })),
  ...["IP=10.9.0", "IP=fd00::/200", "MAC=02:00", "MAC=01:00:00:00:00:00", "GATEWAY=x"].map((value) => ({
    what: `CNI_ARGS ${value}`,
    verbs: ADD,
    env: { CNI_ARGS: value },
    code: 4,
    says: "in CNI_ARGS",
  })),
];

/** Standard input that is no configuration, and versions that nobody speaks. */
const DECODING: readonly BadInput[] = [
  ...["{", "[]", "7", '"text"', "{}{}", "\u0000"].map((config) => ({
    what: `standard input ${JSON.stringify(config)}`,
    verbs: ALL,
    config,
    code: 6,
    says: "PHAROS-5001",
  })),
  ...["", "null", "{}"].map((config) => ({
    what: `standard input ${JSON.stringify(config)}`,
    verbs: ADD,
    config,
    code: 1,
    says: "PHAROS-5003",
  })),
  ...["0.1.0", "0.2.0", "0.3.0", "1.2.0", "2.0.0", "x", "1.0"].map((cniVersion) => ({
    what: `cniVersion ${cniVersion}`,
    verbs: ALL,
    config: { cniVersion },
    code: 1,
    says: `cniVersion ${cniVersion} is not supported`,
  })),
];

/** Fields of the configuration: error 7, with the field's path. */
const FIELDS: readonly BadInput[] = [
  ...[undefined, "", "a b", "../x", "-a", LONG].map((name) => ({
    what: `name ${name === LONG ? "of 256 bytes" : JSON.stringify(name)}`,
    verbs: ["ADD", "DEL", "CHECK", "GC"] as const,
    config: { name },
    code: 7,
    says: "name is not a valid network name",
  })),
  ...rows("name", ["ADD", "DEL", "CHECK", "GC"], [["a number", 7, "name is not a string"]]),
  ...rows("cniVersion", ALL, [["a number", 1, "cniVersion is not a string"]]),
  ...rows("stateDir", ALL, [["a number", 7, "stateDir is not a string"]]),
  ...rows("primary", ADD, [["no interface name", "a/b", "primary is not"]]),
  ...rows("args", ADD, [
    ["a text", "x", "args is not an object"],
    ["args.cni as list", { cni: [] }, "args.cni is not an object"],
    ["addresses as text", { cni: { ips: "10.9.0.5" } }, "args.cni.ips is not a list"],
    ["an address that is none", { cni: { ips: ["x"] } }, "args.cni.ips holds"],
    ["a hardware address that is none", { cni: { mac: "x" } }, "args.cni.mac is not"],
  ]),
  ...rows("dns", ADD, [
    ["a list", [], "dns is not an object"],
    ["a name server that is none", { nameservers: ["x"] }, "dns.nameservers[0]"],
    ["a search list as text", { search: "x" }, "dns.search is not a list"],
  ]),
  ...rows(
    "prevResult",
    ["ADD", "CHECK"],
    [
      ["a list", [], "prevResult is not an object"],
      ["addresses as object", { ips: {} }, "prevResult.ips is not a list"],
      ["a route as text", { routes: ["x"] }, "prevResult.routes[0] is not an object"],
      ["an address as number", { ips: [{ address: 7 }] }, "prevResult.ips[0].address"],
      ["an index beyond", { ips: [{ address: "10.0.0.1/8", interface: 3 }] }, "prevResult.ips[0].interface"],
    ],
  ),
  ...["cni.dev/valid-attachments", "cni.dev/attachments"].flatMap((key) =>
    rows(
      key,
      ["GC"],
      [
        ["an object", {}, `${key} is not a list`],
        ["a number in it", [7], `${key}[0] is not an object`],
        ["no container", [{ ifname: "eth0" }], `${key}[0].containerID is missing`],
        ["no interface", [{ containerID: "a", ifname: "" }], `${key}[0].ifname is missing`],
        ["a container as number", [{ containerID: 7, ifname: "eth0" }], `${key}[0].containerID is not a string`],
      ],
    ),
  ),
  { what: "GC without a list", verbs: ["GC"], config: { "cni.dev/valid-attachments": undefined }, code: 7, says: "is not a list" },
  { what: "ipam of another plugin", verbs: ADD, config: { ipam: { type: "host-local" } }, code: 2, says: 'ipam.type is "host-local"' },
];

/** Capabilities: error 7, with the field's path. */
const CAPABILITIES: readonly BadInput[] = [
  ...rows("runtimeConfig", ADD, [["a list", [], "runtimeConfig is not an object"]]),
  ...capability("io.kubernetes.cri.pod-annotations", [
    ["a list", [], "pod-annotations"],
    ["a bridge as number", { "pharos.io/bridge": 7 }, "pharos.io/bridge is not a string"],
    ["a bridge that is a path", { "pharos.io/bridge": "../x" }, "pharos.io/bridge holds"],
    ["a bridge twice", { "pharos.io/bridge": "front,front" }, "names the bridge front twice"],
    ["17 bridges", { "pharos.io/bridge": Array.from({ length: 17 }, (_, index) => `b${index}`).join() }, "more than 16"],
    ["an address that is none", { "pharos.io/ip": "x" }, "pharos.io/ip holds"],
    ["a sticky address that is neither", { "pharos.io/sticky-ip": "maybe" }, "pharos.io/sticky-ip is neither"],
  ]),
  ...capability("ips", [
    ["a text", "10.9.0.5", "ips is not a list"],
    ["an address that is none", ["10.9.0.300"], "ips holds"],
    ["a number", [7], "ips[0] is not a string"],
  ]),
  ...capability("mac", [
    ["no hardware address", "x", "mac is not"],
    ["a multicast address", "03:00:00:00:00:01", "mac is not"],
    ["nothing but zeros", "00:00:00:00:00:00", "mac is not"],
    ["a number", 7, "mac is not a string"],
  ]),
  ...capability("portMappings", [
    ["an object", {}, "portMappings is not a list"],
    ["a number in it", [7], "portMappings[0] is not an object"],
    ["a port beyond", [{ hostPort: 70000, containerPort: 80 }], "portMappings[0].hostPort"],
    ["a port as text", [{ hostPort: "80", containerPort: 80 }], "portMappings[0].hostPort"],
    ["half a port", [{ hostPort: 80.5, containerPort: 80 }], "portMappings[0].hostPort"],
    ["no port of the pod", [{ hostPort: 80 }], "portMappings[0].containerPort"],
    ["an unknown protocol", [{ hostPort: 80, containerPort: 80, protocol: "icmp" }], "portMappings[0].protocol"],
    ["an address that is none", [{ hostPort: 80, containerPort: 80, hostIP: "x" }], "portMappings[0].hostIP"],
    [
      "a port twice",
      [
        { hostPort: 80, containerPort: 80 },
        { hostPort: 80, containerPort: 81 },
      ],
      "portMappings[1] has the host port",
    ],
  ]),
  ...capability("bandwidth", [
    ["a list", [], "bandwidth is not an object"],
    ["a rate below zero", { ingressRate: -8 }, "bandwidth.ingressRate"],
    ["a rate as text", { egressRate: "8000" }, "bandwidth.egressRate"],
    ["less than a byte", { egressRate: 7 }, "bandwidth.egressRate"],
    ["half a burst", { ingressRate: 8000, ingressBurst: 0.5 }, "bandwidth.ingressBurst"],
  ]),
  ...capability("ipRanges", [
    ["an object", {}, "ipRanges is not a list"],
    ["a flat list", [{ subnet: "10.9.0.0/24" }], "ipRanges[0] is not a list"],
    ["no subnet", [[{}]], "ipRanges[0][0].subnet"],
    ["a start elsewhere", [[{ subnet: "10.9.0.0/24", rangeStart: "10.8.0.1" }]], "ipRanges[0][0].rangeStart"],
    ["a gateway that is none", [[{ subnet: "10.9.0.0/24", gateway: "x" }]], "ipRanges[0][0].gateway"],
  ]),
  ...capability("dns", [
    ["a list", [], "dns is not an object"],
    ["a server that is none", { servers: ["x"] }, "dns.servers[0]"],
    ["an option as number", { options: [7] }, "dns.options[0]"],
  ]),
];

const RANGE = { subnet: "10.9.0.0/24", block: "10.9.0.0/24", rangeStart: "10.9.0.2", rangeEnd: "10.9.0.9", exclude: [] };
const bridge = (more: object) => ({
  version: 1,
  bridges: [{ name: "front", isGateway: true, ipMasq: false, ranges: [RANGE], routes: [], ...more }],
});

/** Network data: damage is error 6, and what is not there yet is error 11; for STATUS both are 50. */
const DATA: readonly BadInput[] = [
  ["a number", 7],
  ["a list", []],
  ["another version", { version: 2, bridges: [] }],
  ["bridges as object", { version: 1, bridges: {} }],
  ["a bridge without a name", bridge({ name: undefined })],
  ["a bridge that is a path", bridge({ name: "../x" })],
  ["an MTU that is none", bridge({ mtu: 12 })],
  ["an ipam of nobody", bridge({ ipam: "host-local" })],
  ["a subnet that is none", bridge({ ranges: [{ ...RANGE, subnet: "x" }] })],
  ["a block elsewhere", bridge({ ranges: [{ ...RANGE, block: "10.8.0.0/24" }] })],
  ["a route that is none", bridge({ routes: [{ dst: "default" }] })],
].flatMap(([what, pharos]): readonly BadInput[] => [
  { what: `network data: ${what}`, verbs: ["ADD", "CHECK"], config: { pharos }, code: 6, says: "PHAROS-2203" },
  { what: `network data: ${what}`, verbs: ["STATUS"], config: { pharos }, code: 50, says: "PHAROS-2203" },
]);
const NO_DATA = { pharos: undefined, dataFile: "/nowhere/cni.json" };
const NOT_THERE: readonly BadInput[] = [
  { what: "no network data yet", verbs: ["ADD", "CHECK"], config: NO_DATA, code: 11, says: "PHAROS-5004" },
  { what: "no network data yet", verbs: ["STATUS"], config: NO_DATA, code: 50, says: "PHAROS-5004" },
  {
    what: "a data file that is no JSON",
    verbs: ["ADD"],
    config: { pharos: undefined, dataFile: "/proc/version" },
    code: 6,
    says: "PHAROS-5001",
  },
  {
    what: "a data file as number",
    verbs: ["ADD", "STATUS"],
    config: { pharos: undefined, dataFile: 7 },
    code: 7,
    says: "dataFile is not a string",
  },
  { what: "no bridge for pods", verbs: ["STATUS"], config: { pharos: { version: 1, bridges: [] } }, code: 50, says: "PHAROS-5011" },
];

export const BAD_INPUTS: readonly BadInput[] = [...ENVIRONMENT, ...DECODING, ...FIELDS, ...CAPABILITIES, ...DATA, ...NOT_THERE];

function rows(field: string, verbs: readonly Verb[], table: readonly Row[]): readonly BadInput[] {
  const config = (value: unknown) =>
    field === "cni.dev/attachments" ? { "cni.dev/valid-attachments": undefined, [field]: value } : { [field]: value };
  return table.map(([what, value, says]) => ({ what: `${field}: ${what}`, verbs, config: config(value), code: 7, says }));
}

function capability(name: string, table: readonly Row[]): readonly BadInput[] {
  return table.map(([what, value, says]) => ({
    what: `${name}: ${what}`,
    verbs: ADD,
    config: { runtimeConfig: { [name]: value } },
    code: 7,
    says,
  }));
}
