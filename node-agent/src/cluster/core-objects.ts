import type { ServerAddress } from "@pharos/compiler";
import type { ApiObject } from "@pharos/store/kubernetes";

/** Label of a Kubernetes node that names the SoC or VM that it is. */
const HOST_LABEL = "pharos.io/host";

/** What the agent keeps of a core Node. */
export interface CoreNode extends ApiObject {
  readonly hostLabel?: string;
  readonly podCidrs: readonly string[];
  /** InternalIPs. */
  readonly addresses: readonly string[];
  readonly kubeletPort?: number;
}

/** What the agent keeps of an EndpointSlice. */
export interface Endpoints extends ApiObject {
  readonly servers: readonly ServerAddress[];
}

/** What the agent keeps of a Service. */
export interface ClusterService extends ApiObject {
  readonly addresses: readonly string[];
}

interface WireNode {
  readonly metadata: ApiObject["metadata"] & { readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: { readonly podCIDR?: string; readonly podCIDRs?: readonly string[] };
  readonly status?: {
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
    readonly daemonEndpoints?: { readonly kubeletEndpoint?: { readonly Port?: number } };
  };
}

interface WireSlice {
  readonly metadata: ApiObject["metadata"];
  readonly endpoints?: readonly { readonly addresses?: readonly string[] }[] | null;
  readonly ports?: readonly { readonly port?: number }[] | null;
}

interface WireService {
  readonly metadata: ApiObject["metadata"];
  readonly spec?: { readonly clusterIP?: string; readonly clusterIPs?: readonly string[] };
}

function identityOf({ name, namespace, resourceVersion }: ApiObject["metadata"]): ApiObject {
  const metadata = {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
  return { metadata };
}

/** Of core/v1 Node. */
export function coreNode(object: ApiObject): CoreNode {
  const { metadata, spec, status } = object as WireNode;
  const hostLabel = metadata.labels?.[HOST_LABEL];
  const kubeletPort = status?.daemonEndpoints?.kubeletEndpoint?.Port;
  const first = spec?.podCIDR === undefined || spec.podCIDR === "" ? [] : [spec.podCIDR];
  return {
    ...identityOf(metadata),
    ...(hostLabel === undefined || hostLabel === "" ? {} : { hostLabel }),
    podCidrs: spec?.podCIDRs ?? first,
    addresses: (status?.addresses ?? []).filter(({ type }) => type === "InternalIP").map(({ address }) => address),
    ...(kubeletPort === undefined || kubeletPort === 0 ? {} : { kubeletPort }),
  };
}

/** Of discovery.k8s.io/v1 EndpointSlice. Endpoints that are not ready count: what is kept reachable must not flap with probes. */
export function endpoints(object: ApiObject): Endpoints {
  const { metadata, endpoints: all, ports } = object as WireSlice;
  const addresses = (all ?? []).flatMap((endpoint) => endpoint.addresses ?? []);
  const numbers = (ports ?? []).flatMap(({ port }) => port ?? []);
  return { ...identityOf(metadata), servers: addresses.flatMap((address) => numbers.map((port) => ({ address, port }))) };
}

/** Of core/v1 Service. A headless one has no address. */
export function clusterService(object: ApiObject): ClusterService {
  const { metadata, spec } = object as WireService;
  const addresses = spec?.clusterIPs ?? (spec?.clusterIP === undefined ? [] : [spec.clusterIP]);
  return { ...identityOf(metadata), addresses: addresses.filter((address) => address !== "" && address !== "None") };
}
