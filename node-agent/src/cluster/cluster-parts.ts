import type { ClusterFacts, ServerAddress } from "@pharos/compiler";
import type { ClusterService, CoreNode, Endpoints } from "./core-objects.ts";

/** kubelet's port where a node does not tell it. */
const KUBELET_PORT = 10250;

/** Those parts of the facts that the API server has told. */
export type ClusterParts = Partial<ClusterFacts>;

/** What was heard so far; undefined: nothing yet. */
export interface ClusterObjects {
  readonly nodes?: readonly CoreNode[];
  readonly apiServers?: readonly Endpoints[];
  readonly dns?: readonly ClusterService[];
  readonly dnsEndpoints?: readonly Endpoints[];
}

export interface OwnPlace {
  /** Name of this machine's core Node. */
  readonly nodeName: string;
  /** What this machine is called whatever its Node says; absent: its label, else its name. */
  readonly host?: string;
  /** The API server that the agent itself talks to, where that is an address and no name. */
  readonly apiServer?: ServerAddress;
}

/** The facts, each list sorted and without repetitions: equal objects give equal facts. */
export function clusterParts(objects: ClusterObjects, own: OwnPlace): ClusterParts {
  const { nodes, apiServers, dns, dnsEndpoints } = objects;
  return {
    ...(nodes === undefined ? {} : nodeParts(nodes, own)),
    ...(apiServers === undefined ? {} : { apiServers: serversOf(apiServers, own.apiServer) }),
    ...(dns === undefined ? {} : { dns: sorted(dns.flatMap(({ addresses }) => addresses)) }),
    ...(dnsEndpoints === undefined ? {} : { dnsEndpoints: sorted(dnsEndpoints.flatMap(({ servers }) => servers.map(addressOf))) }),
  };
}

function nodeParts(nodes: readonly CoreNode[], own: OwnPlace): Pick<ClusterFacts, "nodes" | "kubeletPort"> {
  const ordered = [...nodes].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  return {
    nodes: ordered.map((node) => {
      const { metadata, podCidrs, addresses } = node;
      return { name: metadata.name, host: hostOf(node, own), podCidrs, addresses };
    }),
    kubeletPort: nodes.find(({ metadata }) => metadata.name === own.nodeName)?.kubeletPort ?? KUBELET_PORT,
  };
}

/** The SoC or VM that a node is. */
function hostOf({ metadata: { name }, hostLabel }: CoreNode, own: OwnPlace): string {
  return (name === own.nodeName ? own.host : undefined) ?? hostLabel ?? name;
}

function serversOf(slices: readonly Endpoints[], own: ServerAddress | undefined): readonly ServerAddress[] {
  const all = [...slices.flatMap(({ servers }) => servers), ...(own === undefined ? [] : [own])];
  const byText = new Map(all.map((server) => [`${server.address} ${server.port}`, server]));
  return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, server]) => server);
}

function addressOf({ address }: ServerAddress): string {
  return address;
}

function sorted(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].sort();
}

/** The facts of before with those parts replaced that are known now; undefined while no node was ever seen. */
export function mergedFacts(known: ClusterFacts | undefined, parts: ClusterParts): ClusterFacts | undefined {
  const nodes = parts.nodes ?? known?.nodes;
  if (nodes === undefined) return undefined;
  return {
    nodes,
    apiServers: parts.apiServers ?? known?.apiServers ?? [],
    dns: parts.dns ?? known?.dns ?? [],
    dnsEndpoints: parts.dnsEndpoints ?? known?.dnsEndpoints ?? [],
    kubeletPort: parts.kubeletPort ?? known?.kubeletPort ?? KUBELET_PORT,
  };
}
