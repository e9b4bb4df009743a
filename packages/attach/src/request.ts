import { PharosError } from "@pharos/base";
import { isInterfaceName } from "@pharos/hoststate";
import { type Bandwidth, readBandwidth } from "./bandwidth.ts";
import { ATTACH_BAD_CONFIG, ATTACH_BAD_PARAMETER, ATTACH_UNSUPPORTED } from "./codes.ts";
import { type JsonObject, objectOf, textOf, textsOf } from "./fields.ts";
import { gatewaysOf, type RequestedGateway, readGateways } from "./gateways.ts";
import { type AddressSpan, readIpRanges } from "./ip-ranges.ts";
import { listed, NAME, type PodName, podOf, readArguments } from "./pod-arguments.ts";
import { type PortMapping, readPortMappings } from "./port-mappings.ts";
import { type RequestedAddress, readRequestedAddresses } from "./requested-addresses.ts";

/** Key of an attachment (CNI 1.1, "Parameters"). */
export interface PodKey {
  readonly network: string;
  readonly containerID: string;
  readonly ifname: string;
}

/** What a pod wants of its network. */
export interface PodRequest {
  readonly key: PodKey;
  /** The pod, where the runtime names it by K8S_POD_NAMESPACE and K8S_POD_NAME. */
  readonly pod?: PodName;
  /** The bridges that it names: the first for the interface that the runtime names, each other for one more. Empty: it names none. */
  readonly bridges: readonly string[];
  /** Fixed addresses. */
  readonly addresses: readonly RequestedAddress[];
  /** Spans that the primary interface's addresses are to come from; empty: its bridge's ranges. */
  readonly spans?: readonly AddressSpan[];
  /** Routers of the primary interface in the place of its bridge's. */
  readonly gateways?: readonly RequestedGateway[];
  /** The next pod of this name gets the same addresses again. */
  readonly sticky?: true;
  /** Fixed hardware address of the primary interface, lower case with colons. */
  readonly mac?: string;
  /** Ports of the host that lead to the primary interface. */
  readonly ports: readonly PortMapping[];
  /** Limits of the primary interface's traffic. */
  readonly bandwidth?: Bandwidth;
  /** Interface of the same container with which this one goes; the agent says so when it adds one to a running pod. */
  readonly primary?: string;
}

/** The CNI parameters that name an attachment. */
export interface PodParameters {
  readonly containerID: string | undefined;
  readonly ifname: string | undefined;
  /** `CNI_ARGS`: `KEY=value;KEY=value`. */
  readonly args: string | undefined;
}

export const BRIDGE_ANNOTATION = "pharos.io/bridge";
export const ADDRESS_ANNOTATION = "pharos.io/ip";
const STICKY_ANNOTATION = "pharos.io/sticky-ip";
const ANNOTATIONS_CAPABILITY = "io.kubernetes.cri.pod-annotations";
const MAC = /^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/;
const ZERO_MAC = "00:00:00:00:00:00";
/** More interfaces than a pod of a vehicle has; bounds what one ADD does. */
const MAX_BRIDGES = 16;

/** Reads the network's name. */
export function readNetworkName(config: JsonObject): string {
  const network = textOf(config.name, "name") ?? "";
  if (!NAME.test(network)) throw new PharosError(ATTACH_BAD_CONFIG, `name is not a valid network name: ${JSON.stringify(network)}`);
  return network;
}

/** Reads the key of an attachment from plugin configuration and parameters. */
export function readKey(config: JsonObject, parameters: PodParameters): PodKey {
  const network = readNetworkName(config);
  const { containerID = "", ifname = "" } = parameters;
  if (!NAME.test(containerID)) throw new PharosError(ATTACH_BAD_PARAMETER, `CNI_CONTAINERID is not valid: ${JSON.stringify(containerID)}`);
  if (!isInterfaceName(ifname))
    throw new PharosError(ATTACH_BAD_PARAMETER, `CNI_IFNAME is not an interface name: ${JSON.stringify(ifname)}`);
  return { network, containerID, ifname };
}

/**
 * Reads what a pod wants. First come the pod's annotations (capability `io.kubernetes.cri.pod-annotations`), then
 * `args.cni`; addresses also from the capability `ips` and `IP=` in CNI_ARGS. Unknown keys of CNI_ARGS are ignored,
 * with or without IgnoreUnknown: Kubernetes adds new ones without asking plugins.
 */
export function readRequest(config: JsonObject, parameters: PodParameters): PodRequest {
  const key = readKey(config, parameters);
  const args = readArguments(parameters.args ?? "");
  const sources = sourcesOf(config);
  const { capabilities, cni } = sources;
  refuseIpam(config);
  const mac = readMac(sources, args);
  const pod = podOf(args);
  const bandwidth = readBandwidth(capabilities.bandwidth);
  const primary = readPrimary(config);
  const spans = readIpRanges(capabilities.ipRanges);
  const gateways = [...readGateways(listed(args.get("GATEWAY"))), ...gatewaysOf(spans)];
  return {
    key,
    ...(pod === undefined ? {} : { pod }),
    bridges: readBridges(annotated(sources, BRIDGE_ANNOTATION), BRIDGE_ANNOTATION),
    addresses: [
      ...readRequestedAddresses(textsOf(capabilities.ips, "runtimeConfig.ips"), "runtimeConfig.ips"),
      ...readRequestedAddresses(textsOf(cni.ips, "args.cni.ips"), "args.cni.ips"),
      ...readRequestedAddresses(listed(args.get("IP")), "IP in CNI_ARGS", ATTACH_BAD_PARAMETER),
      ...readRequestedAddresses(listed(annotated(sources, ADDRESS_ANNOTATION)), ADDRESS_ANNOTATION),
    ],
    ...(spans.length === 0 ? {} : { spans }),
    ...(gateways.length === 0 ? {} : { gateways }),
    ...(readSticky(annotated(sources, STICKY_ANNOTATION)) ? { sticky: true } : {}),
    ...(mac === undefined ? {} : { mac }),
    ports: readPortMappings(capabilities.portMappings),
    ...(bandwidth === undefined ? {} : { bandwidth }),
    ...(primary === undefined ? {} : { primary }),
  };
}

/** Where a pod's wishes stand. */
interface Sources {
  readonly capabilities: JsonObject;
  readonly annotations: JsonObject;
  /** `args.cni` of the configuration (CNI conventions). */
  readonly cni: JsonObject;
}

function sourcesOf(config: JsonObject): Sources {
  const capabilities = objectOf(config.runtimeConfig, "runtimeConfig");
  const annotations = objectOf(capabilities[ANNOTATIONS_CAPABILITY], `runtimeConfig["${ANNOTATIONS_CAPABILITY}"]`);
  return { capabilities, annotations, cni: objectOf(objectOf(config.args, "args").cni, "args.cni") };
}

function annotated({ annotations, cni }: Sources, name: string): string | undefined {
  return textOf(annotations[name] ?? cni[name], name);
}

/** Names of bridges with commas between; `path` names the place in messages. */
export function readBridges(text: string | undefined, path: string): readonly string[] {
  const names = listed(text);
  const bad = names.find((name) => !isInterfaceName(name));
  if (bad !== undefined) throw new PharosError(ATTACH_BAD_CONFIG, `${path} holds ${JSON.stringify(bad)}, which is not a bridge name`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  // Two interfaces in one subnet answer for each other's address.
  if (twice !== undefined) throw new PharosError(ATTACH_BAD_CONFIG, `${path} names the bridge ${twice} twice`);
  if (names.length > MAX_BRIDGES)
    throw new PharosError(ATTACH_BAD_CONFIG, `${path} names ${names.length} bridges, more than ${MAX_BRIDGES}`);
  return names;
}

function readSticky(text = "false"): boolean {
  if (text !== "true" && text !== "false")
    throw new PharosError(ATTACH_BAD_CONFIG, `${STICKY_ANNOTATION} is neither true nor false: ${JSON.stringify(text)}`);
  return text === "true";
}

/** Addresses are the ledger's; who configures another plugin for them would get two answers. */
function refuseIpam({ ipam }: JsonObject): void {
  const type = textOf(objectOf(ipam, "ipam").type, "ipam.type");
  if (type !== undefined && type !== "")
    throw new PharosError(
      ATTACH_UNSUPPORTED,
      `ipam.type is ${JSON.stringify(type)}, but a bridge's addresses are given out as its Bridge document says`,
    );
}

function readPrimary(config: JsonObject): string | undefined {
  const primary = textOf(config.primary, "primary");
  if (primary !== undefined && !isInterfaceName(primary))
    throw new PharosError(ATTACH_BAD_CONFIG, `primary is not an interface name: ${JSON.stringify(primary)}`);
  return primary;
}

/** The capability counts most, as with the reference plugins, then `args.cni.mac`, then `MAC` of CNI_ARGS. */
function readMac({ capabilities, cni }: Sources, args: ReadonlyMap<string, string>): string | undefined {
  const inConfig =
    checkedMac(textOf(capabilities.mac, "runtimeConfig.mac"), "runtimeConfig.mac") ??
    checkedMac(textOf(cni.mac, "args.cni.mac"), "args.cni.mac");
  return inConfig ?? checkedMac(args.get("MAC"), "MAC in CNI_ARGS", ATTACH_BAD_PARAMETER);
}

function checkedMac(text: string | undefined, path: string, code = ATTACH_BAD_CONFIG): string | undefined {
  if (text === undefined || text === "") return undefined;
  const mac = text.toLowerCase().replaceAll("-", ":");
  if (!MAC.test(mac) || mac === ZERO_MAC) throw new PharosError(code, `${path} is not a unicast hardware address: ${JSON.stringify(text)}`);
  return mac;
}
