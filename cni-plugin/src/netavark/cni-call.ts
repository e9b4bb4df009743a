import { ATTACH_BAD_CONFIG, type CniResult, type JsonObject, listOf, objectOf, PLUGIN_TYPE, textOf } from "@pharos/attach";
import { PharosError } from "@pharos/base/errors";
import { ownData, readNetwork } from "./network.ts";

const CNI_VERSION = "1.1.0";
const ANNOTATIONS = "io.kubernetes.cri.pod-annotations";
/** Options of a container that are read as annotations of a pod. */
const ANNOTATION_PREFIX = "pharos.io/";
/** Namespace of the pods of a runtime that has none. */
const NAMESPACE = "default";

/** A call of the plugin in the shape of CNI: its variables, and its configuration. */
export interface CniCall {
  readonly env: Readonly<Record<string, string>>;
  readonly config: JsonObject;
}

/** What `setup` is given (netavark plugin API 1.0.0), as the CNI ADD that does the same. */
export function addCallOf(netns: string, value: unknown): CniCall {
  const input = objectOf(value, "input");
  const network = readNetwork(input.network);
  const { dataFile, stateDir, bridge } = network.options;
  const container = objectOf(input.network_options, "network_options");
  const data = ownData(network);
  const annotations = {
    ...(bridge === undefined || data !== undefined ? {} : { [`${ANNOTATION_PREFIX}bridge`]: bridge }),
    ...annotationsOf(objectOf(container.options, "network_options.options")),
  };
  const runtimeConfig = {
    portMappings: portMappings(input.port_mappings),
    ips: listOf(container.static_ips, "network_options.static_ips"),
    ...optional("mac", textOf(container.static_mac, "network_options.static_mac")),
    [ANNOTATIONS]: annotations,
  };
  return {
    env: environmentOf("ADD", netns, input),
    config: {
      cniVersion: CNI_VERSION,
      name: network.name,
      type: PLUGIN_TYPE,
      ...optional("dataFile", dataFile),
      ...optional("stateDir", stateDir),
      ...(data === undefined ? {} : { pharos: data }),
      runtimeConfig,
    },
  };
}

/** What `teardown` is given, as a CNI DEL. Of the network only the name and the ledger's folder count: what is wrong with the rest must keep nothing alive. */
export function deleteCallOf(netns: string, value: unknown): CniCall {
  const input = objectOf(value, "input");
  const network = objectOf(input.network, "network");
  const stateDir = textOf(objectOf(network.options, "options").stateDir, "options.stateDir");
  return {
    env: environmentOf("DEL", netns, input),
    config: { cniVersion: CNI_VERSION, name: textOf(network.name, "network.name"), type: PLUGIN_TYPE, ...optional("stateDir", stateDir) },
  };
}

function environmentOf(verb: "ADD" | "DEL", netns: string, input: JsonObject): CniCall["env"] {
  const { interface_name: ifname } = objectOf(input.network_options, "network_options");
  const name = textOf(input.container_name, "container_name") ?? "";
  return {
    CNI_COMMAND: verb,
    CNI_CONTAINERID: textOf(input.container_id, "container_id") ?? "",
    CNI_NETNS: netns,
    CNI_IFNAME: textOf(ifname, "network_options.interface_name") ?? "",
    CNI_ARGS: name === "" ? "" : `K8S_POD_NAMESPACE=${NAMESPACE};K8S_POD_NAME=${name}`,
  };
}

function optional(name: string, value: string | undefined): JsonObject {
  return value === undefined || value === "" ? {} : { [name]: value };
}

/** Options of other meaning than ours are not: Podman has none for plugins. */
function annotationsOf(options: JsonObject): JsonObject {
  const unknown = Object.keys(options).find((key) => !key.startsWith(ANNOTATION_PREFIX));
  if (unknown !== undefined)
    throw new PharosError(ATTACH_BAD_CONFIG, `option ${unknown} of the container is not known: they begin with ${ANNOTATION_PREFIX}`);
  return options;
}

/** Podman joins ports that follow each other (`range`), and protocols by commas. */
function portMappings(value: unknown): readonly JsonObject[] {
  return listOf(value, "port_mappings").flatMap((item, index) => {
    const path = `port_mappings[${index}]`;
    const mapping = objectOf(item, path);
    const [hostPort, containerPort] = [numberOf(mapping.host_port, path), numberOf(mapping.container_port, path)];
    const length = Math.max(1, numberOf(mapping.range, path));
    const protocols = (textOf(mapping.protocol, `${path}.protocol`) || "tcp").split(",");
    return protocols.flatMap((protocol) =>
      Array.from({ length }, (_, offset) => ({
        protocol,
        hostPort: hostPort + offset,
        containerPort: containerPort + offset,
        ...optional("hostIP", textOf(mapping.host_ip, `${path}.host_ip`)),
      })),
    );
  });
}

function numberOf(value: unknown, path: string): number {
  const number = value ?? 0;
  if (typeof number !== "number" || !Number.isInteger(number) || number < 0 || number > 65535)
    throw new PharosError(ATTACH_BAD_CONFIG, `${path} holds ${JSON.stringify(value)}, which is not a port`);
  return number;
}

/** The status that Podman shows of a container's network ("setup"): its interfaces with hardware address and addresses. */
export function statusOf({ interfaces, ips, dns }: CniResult): JsonObject {
  const inPod = interfaces.map(({ name, mac, sandbox }, index) => {
    const own = ips.filter((ip) => ip.interface === index);
    const subnets = own.map(({ address, gateway }) => ({ ipnet: address, ...optional("gateway", gateway) }));
    return sandbox === undefined ? undefined : ([name, { mac_address: mac, subnets }] as const);
  });
  const { nameservers = [], search = [] } = dns as { readonly nameservers?: readonly string[]; readonly search?: readonly string[] };
  return {
    interfaces: Object.fromEntries(inPod.filter((one) => one !== undefined)),
    dns_server_ips: nameservers,
    dns_search_domains: search,
  };
}
