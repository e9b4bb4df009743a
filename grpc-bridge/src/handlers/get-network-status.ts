import { buildVehicle } from "@pharos/compiler";
import type { GetNetworkStatusRequest, GetNetworkStatusResponse } from "@pharos/rpc";
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
    store.list("PodNetwork"),
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
