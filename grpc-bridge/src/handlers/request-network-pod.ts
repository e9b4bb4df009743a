import type { PodNetwork } from "@pharos/kinds";
import type { RequestNetworkPodRequest, RequestNetworkPodResponse } from "@pharos/rpc";
import { refOf, refText } from "@pharos/store";
import type { CompletionWord } from "../callbacks/completion.ts";
import { readValuesOf } from "../documents/document-reader.ts";
import { COMPLETED_ANNOTATION } from "../requests/completed.ts";
import { type WantedNetwork, wantedNetwork } from "../requests/network-document.ts";
import { type WantedHost, wantedHost } from "../requests/node-document.ts";
import type { Audited } from "../server/unary.ts";
import type { HandlerContext } from "./context.ts";

/** Namespace of requests; the pod's own namespace stands in its name. */
const NAMESPACE = "default";
/** Bytes of each YAML that a request keeps. */
const MAX_YAML_BYTES = 65_536;
const MAX_POD_NAME = 512;
/** The completion of a request that ends at once; after the answer has left, ms. */
const AFTER_ANSWER_MS = 150;

/**
 * RequestNetworkPod of both services. Each call gets an id of its own, also an equal one. A request that cannot be
 * carried out is answered accepted=false and completed with ERROR; nothing is written to the store then.
 */
export async function requestNetworkPod(
  request: RequestNetworkPodRequest,
  context: HandlerContext,
): Promise<Audited<RequestNetworkPodResponse>> {
  const { store } = await context.ready();
  const requestId = context.newId();
  const finish = (status: CompletionWord, details: string): Promise<void> =>
    context.post({ requestId, status, details, notBefore: context.clock.now() + AFTER_ANSWER_MS });
  const refuse = async (reason: string): Promise<Audited<RequestNetworkPodResponse>> => {
    await finish("ERROR", reason);
    return { response: { requestId, accepted: false, message: reason }, result: "refused", documents: [] };
  };
  const read = readRequest(request);
  if (typeof read === "string") return refuse(read);
  const network = wantedNetwork(read.networks, (await store.list("Bridge")).items);
  if (network.kind === "bad") return refuse(network.reason);
  const host = wantedHost(read.machines, (await store.list("Node")).items);
  if (host.kind === "bad") return refuse(host.reason);
  const isHostNetwork = network.kind === "host";
  if (isHostNetwork) await finish("OK", "nothing to attach: the pod uses its host's network");
  const object = requestObject(request, { requestId, network, host, requestedAt: new Date(context.clock.now()).toISOString() });
  await store.create<"PodNetwork">(object);
  if (isHostNetwork) await store.patchStatus(refOf<"PodNetwork">(object), { phase: "Attached", message: "host network" });
  const bridge = { bridge: `to ${object.spec.bridge}`, default: "to the default pod bridge", host: "to nothing (host network)" }[
    network.kind
  ];
  const where = host.kind === "host" ? ` on ${host.host}` : "";
  const message = `${request.podName} will be attached ${bridge}${where}`;
  return { response: { requestId, accepted: true, message }, result: "accepted", documents: [refText(refOf<"PodNetwork">(object))] };
}

interface Resolved {
  readonly requestId: string;
  readonly network: Exclude<WantedNetwork, { kind: "bad" }>;
  readonly host: Exclude<WantedHost, { kind: "bad" }>;
  /** RFC 3339, UTC. */
  readonly requestedAt: string;
}

/** The request as the store holds it. A host-network one is born completed: nobody has anything to do for it. */
function requestObject(
  { podName, networkYaml, nodeYaml }: RequestNetworkPodRequest,
  { requestId, network, host, requestedAt }: Resolved,
): PodNetwork {
  const annotations = network.kind === "host" ? { annotations: { [COMPLETED_ANNOTATION]: "OK" } } : {};
  return {
    apiVersion: "pharos.io/v1",
    kind: "PodNetwork",
    metadata: { name: `request-${requestId}`, namespace: NAMESPACE, ...annotations },
    spec: {
      ...(host.kind === "host" ? { host: host.host } : {}),
      ...(network.kind === "bridge" ? { bridge: network.bridge } : {}),
      request: { id: requestId, podName, networkYaml, nodeYaml, requestedAt },
    },
  };
}

interface ReadRequest {
  readonly networks: readonly unknown[];
  readonly machines: readonly unknown[];
}

/** The YAML of both fields, or what is wrong with the request. */
function readRequest({ podName, networkYaml, nodeYaml }: RequestNetworkPodRequest): ReadRequest | string {
  if (podName === "") return "pod_name is empty";
  if (podName.length > MAX_POD_NAME) return `pod_name is longer than ${MAX_POD_NAME} characters`;
  const values: (readonly unknown[])[] = [];
  for (const [field, text] of [
    ["network_yaml", networkYaml],
    ["node_yaml", nodeYaml],
  ] as const) {
    const bytes = Buffer.byteLength(text);
    if (bytes > MAX_YAML_BYTES) return `${field} has ${bytes} bytes, ${MAX_YAML_BYTES} are allowed`;
    const { value, findings } = readValuesOf(text);
    const error = findings.find(({ severity }) => severity === "ERROR");
    if (error !== undefined) return `${field}: ${error.code} ${error.description}`;
    values.push(value);
  }
  const [networks = [], machines = []] = values;
  return { networks, machines };
}
