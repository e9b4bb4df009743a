import { PharosError } from "@pharos/base";
import { formatIp, isInterfaceName, parseIp, parsePrefix } from "@pharos/hoststate";
import { type Bandwidth, readBandwidth } from "./bandwidth.ts";
import { ATTACH_BAD_CONFIG, ATTACH_BAD_PARAMETER } from "./codes.ts";
import { type JsonObject, objectOf, textOf, textsOf } from "./fields.ts";
import { type PortMapping, readPortMappings } from "./port-mappings.ts";

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
  readonly pod?: { readonly namespace: string; readonly name: string };
  /** The bridge that it names, if any. */
  readonly bridge?: string;
  /** Fixed addresses in canonical text without prefix length, at most one per family. */
  readonly addresses: readonly string[];
  /** Fixed hardware address, lower case with colons. */
  readonly mac?: string;
  /** Ports of the host that lead to it. */
  readonly ports: readonly PortMapping[];
  /** Limits of its traffic. */
  readonly bandwidth?: Bandwidth;
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
const ANNOTATIONS_CAPABILITY = "io.kubernetes.cri.pod-annotations";
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$/;
const MAC = /^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/;

/** Reads the key of an attachment from plugin configuration and parameters. */
export function readKey(config: JsonObject, parameters: PodParameters): PodKey {
  const network = textOf(config.name, "name") ?? "";
  if (!NAME.test(network)) throw new PharosError(ATTACH_BAD_CONFIG, `name is not a valid network name: ${JSON.stringify(network)}`);
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
  const args = argumentsOf(parameters.args ?? "");
  const capabilities = objectOf(config.runtimeConfig, "runtimeConfig");
  const annotations = objectOf(capabilities[ANNOTATIONS_CAPABILITY], `runtimeConfig["${ANNOTATIONS_CAPABILITY}"]`);
  const cni = objectOf(objectOf(config.args, "args").cni, "args.cni");
  const bridge = textOf(annotations[BRIDGE_ANNOTATION] ?? cni[BRIDGE_ANNOTATION], BRIDGE_ANNOTATION);
  if (bridge !== undefined && !isInterfaceName(bridge))
    throw new PharosError(ATTACH_BAD_CONFIG, `${BRIDGE_ANNOTATION} is not a bridge name: ${JSON.stringify(bridge)}`);
  const mac = textOf(capabilities.mac, "runtimeConfig.mac")?.toLowerCase();
  if (mac !== undefined && !MAC.test(mac))
    throw new PharosError(ATTACH_BAD_CONFIG, `runtimeConfig.mac is not a unicast hardware address: ${mac}`);
  const pod = podOf(args);
  const bandwidth = readBandwidth(capabilities.bandwidth);
  return {
    key,
    ...(pod === undefined ? {} : { pod }),
    ...(bridge === undefined ? {} : { bridge }),
    addresses: oneOfEachFamily([
      ...textsOf(capabilities.ips, "runtimeConfig.ips"),
      ...textsOf(cni.ips, "args.cni.ips"),
      ...listed(args.get("IP")),
      ...listed(textOf(annotations[ADDRESS_ANNOTATION] ?? cni[ADDRESS_ANNOTATION], ADDRESS_ANNOTATION)),
    ]),
    ...(mac === undefined ? {} : { mac }),
    ports: readPortMappings(capabilities.portMappings),
    ...(bandwidth === undefined ? {} : { bandwidth }),
  };
}

function argumentsOf(text: string): ReadonlyMap<string, string> {
  const pairs = text.split(";").filter((part) => part !== "");
  return new Map(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      if (at < 1) throw new PharosError(ATTACH_BAD_PARAMETER, `CNI_ARGS holds ${JSON.stringify(pair)}, which is not KEY=value`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

function podOf(args: ReadonlyMap<string, string>): PodRequest["pod"] {
  const namespace = args.get("K8S_POD_NAMESPACE");
  const name = args.get("K8S_POD_NAME");
  return namespace === undefined || name === undefined || !NAME.test(namespace) || !NAME.test(name) ? undefined : { namespace, name };
}

function listed(text: string | undefined): string[] {
  return (text ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** Canonical addresses; the same address may come by several ways, two of one family may not. */
function oneOfEachFamily(texts: readonly string[]): readonly string[] {
  const byFamily = new Map<string, string>();
  for (const text of texts) {
    const ip = parseIp(text) ?? parsePrefix(text)?.ip;
    if (ip === undefined) throw new PharosError(ATTACH_BAD_CONFIG, `requested address is not an IP address: ${JSON.stringify(text)}`);
    const canonical = formatIp(ip);
    const other = byFamily.get(ip.family);
    if (other !== undefined && other !== canonical)
      throw new PharosError(ATTACH_BAD_CONFIG, `two addresses of one family are requested: ${other} and ${canonical}`);
    byFamily.set(ip.family, canonical);
  }
  return [...byFamily.values()];
}
