import { ATTACH_BAD_CONFIG, type JsonObject, listOf, objectOf, readNetworkData, textOf } from "@pharos/attach";
import { PharosError } from "@pharos/base/errors";
import {
  addressAt,
  firstOf,
  formatIp,
  isInterfaceName,
  lastOf,
  type PodBridge,
  type PodNetworkData,
  type PodRange,
  parsePrefix,
} from "@pharos/hoststate";

/** Options of a network whose bridge the documents describe, and options of one that describes its bridge itself. */
const OPTIONS = { documents: ["bridge", "dataFile", "stateDir"], own: ["bridge", "stateDir", "mtu", "isolated", "masquerade"] } as const;
/** Letters of the network's id in the name of a bridge that got none: an interface name has at most 15. */
const ID_LETTERS = 12;

/**
 * A network as Podman stores it (netavark plugin API 1.0.0, "create"). One with subnets describes its bridge itself, and no agent
 * is needed; one without gets the bridges that the documents give this host.
 */
export interface PodmanNetwork {
  readonly name: string;
  readonly fields: JsonObject;
  readonly options: Readonly<Record<string, string>>;
  readonly subnets: readonly JsonObject[];
}

/** Reads a network and refuses what it cannot have: an option that means nothing, an address management of Podman's own. */
export function readNetwork(value: unknown): PodmanNetwork {
  const fields = objectOf(value, "network");
  const name = textOf(fields.name, "network.name") ?? "";
  const subnets = listOf(fields.subnets, "subnets").map((subnet, index) => objectOf(subnet, `subnets[${index}]`));
  const options = Object.fromEntries(
    Object.entries(objectOf(fields.options, "options")).map(([key, option]) => [key, textOf(option, `options.${key}`) ?? ""]),
  );
  const known: readonly string[] = subnets.length === 0 ? OPTIONS.documents : OPTIONS.own;
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    const kind = subnets.length === 0 ? "a network without a subnet" : "a network with a subnet";
    throw new PharosError(ATTACH_BAD_CONFIG, `option ${unknown} is not known for ${kind}, which takes ${known.join(", ")}`);
  }
  if (options.bridge !== undefined && !isInterfaceName(options.bridge))
    throw new PharosError(ATTACH_BAD_CONFIG, `option bridge is not an interface name: ${JSON.stringify(options.bridge)}`);
  const ipam = textOf(objectOf(fields.ipam_options, "ipam_options").driver, "ipam_options.driver") ?? "none";
  if (ipam === "dhcp") throw new PharosError(ATTACH_BAD_CONFIG, "ipam driver dhcp is not known here: a Bridge document asks for it");
  if (subnets.length === 0 && fields.internal === true)
    throw new PharosError(ATTACH_BAD_CONFIG, "an internal network needs a subnet; who may leave a bridge of the documents, they say");
  return { name, fields, options, subnets };
}

/**
 * The network as Podman is to store it. Addresses are the ledger's alone (`ipam_options.driver` is "none"): two that hand them out
 * would not know of each other. There is no name server for these networks.
 */
export function createdNetwork(network: PodmanNetwork): JsonObject {
  const { fields, subnets } = network;
  const shared = { ...fields, dns_enabled: false, ipam_options: { driver: "none" } };
  if (subnets.length === 0) return shared;
  const data = readNetworkData(ownData(network));
  const gateways = new Map(data.bridges.flatMap(({ ranges }) => ranges.map(({ subnet, gateway }) => [subnet, gateway] as const)));
  return {
    ...shared,
    network_interface: data.defaultBridge,
    subnets: subnets.map((subnet) => ({ ...subnet, gateway: gateways.get(String(subnet.subnet)) ?? subnet.gateway })),
  };
}

/** The network data of a network with subnets, in the shape of `cni.json`; undefined for one that the documents describe. */
export function ownData(network: PodmanNetwork): PodNetworkData | undefined {
  const { fields, options, subnets } = network;
  if (subnets.length === 0) return undefined;
  const id = (textOf(fields.id, "id") ?? "").slice(0, ID_LETTERS);
  const name = options.bridge ?? textOf(fields.network_interface, "network_interface") ?? `ph${id}`;
  const ranges = subnets.map(readSubnet);
  const isInternal = fields.internal === true;
  const mtu = options.mtu === undefined ? {} : { mtu: Number(options.mtu) };
  const bridge: PodBridge = {
    name,
    isGateway: !isInternal,
    ipMasq: !isInternal && flag(options, "masquerade", true),
    ...mtu,
    ...(flag(options, "isolated", false) ? { isolated: true } : {}),
    ranges,
    routes: [...(isInternal ? [] : defaultRoutes(ranges)), ...listOf(fields.routes, "routes").map(readRoute)],
  };
  return { version: 1, defaultBridge: name, bridges: [bridge] };
}

function flag(options: Readonly<Record<string, string>>, name: string, otherwise: boolean): boolean {
  const text = options[name];
  if (text === undefined) return otherwise;
  if (text !== "true" && text !== "false")
    throw new PharosError(ATTACH_BAD_CONFIG, `option ${name} is neither true nor false: ${JSON.stringify(text)}`);
  return text === "true";
}

function readSubnet(fields: JsonObject, index: number): PodRange {
  const path = `subnets[${index}]`;
  const text = textOf(fields.subnet, `${path}.subnet`) ?? "";
  const prefix = parsePrefix(text);
  if (prefix === undefined) throw new PharosError(ATTACH_BAD_CONFIG, `${path}.subnet is not a prefix: ${JSON.stringify(text)}`);
  const lease = objectOf(fields.lease_range, `${path}.lease_range`);
  const first = formatIp(addressAt(firstOf(prefix), 1n));
  return {
    subnet: text,
    block: text,
    gateway: textOf(fields.gateway, `${path}.gateway`) ?? first,
    rangeStart: textOf(lease.start_ip, `${path}.lease_range.start_ip`) ?? first,
    rangeEnd: textOf(lease.end_ip, `${path}.lease_range.end_ip`) ?? formatIp(lastOf(prefix)),
    exclude: [],
  };
}

function defaultRoutes(ranges: readonly PodRange[]): PodBridge["routes"] {
  return [...new Set(ranges.map(({ subnet }) => (subnet.includes(":") ? "::/0" : "0.0.0.0/0")))].map((dst) => ({ dst }));
}

function readRoute(value: unknown, index: number): PodBridge["routes"][number] {
  const route = objectOf(value, `routes[${index}]`);
  if (route.metric !== undefined && route.metric !== null)
    throw new PharosError(ATTACH_BAD_CONFIG, `routes[${index}].metric is not supported: pods' routes have the kernel's own`);
  const gw = textOf(route.gateway, `routes[${index}].gateway`);
  const dst = textOf(route.destination, `routes[${index}].destination`) ?? "";
  return gw === undefined ? { dst } : { dst, gw };
}
