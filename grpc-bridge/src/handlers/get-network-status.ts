import { buildVehicle } from "@pharos/compiler";
import type { PodNetwork } from "@pharos/kinds";
import type { GetNetworkStatusRequest, GetNetworkStatusResponse } from "@pharos/rpc";
import { podReader } from "@pharos/store";
import { filterComponents, networkStatus } from "../status/network-status.ts";
import type { HandlerContext } from "./context.ts";

/** GetNetworkStatus: straight from the store, so that a caller sees what it has just changed. */
export async function getNetworkStatus(
  { componentFilter }: GetNetworkStatusRequest,
  context: HandlerContext,
): Promise<GetNetworkStatusResponse> {
  const { store } = await context.ready();
  const [nodes, bridges, reports, podNetworks] = await Promise.all([
    store.list("Node"),
    store.list("Bridge"),
    store.list("HostReport"),
    podReader(store, statusPod).list("PodNetwork"),
  ]);
  const allocations = bridges.items.flatMap(({ status }) => status?.allocations ?? []);
  const { value: vehicle } = buildVehicle({ documents: { nodes: nodes.items, bridges: bridges.items }, allocations });
  const components = networkStatus({
    vehicle,
    reports: reports.items,
    podNetworks: podNetworks.items,
    connected: context.connectedHosts?.(),
  });
  return { components: filterComponents(components, componentFilter) };
}

/** What the answer tells of an attachment; requests are whole. */
function statusPod(object: PodNetwork): PodNetwork {
  const { apiVersion, kind, metadata, spec, status } = object;
  if (spec.request !== undefined) return object;
  const { host, bridge, pod } = spec;
  return {
    apiVersion,
    kind,
    metadata: { name: metadata.name, ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }) },
    spec: { ...(host === undefined ? {} : { host }), ...(bridge === undefined ? {} : { bridge }), ...(pod === undefined ? {} : { pod }) },
    ...(status === undefined ? {} : { status: { phase: status.phase, addresses: status.addresses?.slice(0, 1) ?? [] } }),
  };
}
