import { isDeepStrictEqual } from "node:util";
import { type ApiObject, type Collection, followResource, type KubernetesStore, type Resource } from "@pharos/store/kubernetes";
import { type ClusterParts, clusterParts, type OwnPlace } from "./cluster-parts.ts";
import { clusterService, coreNode, endpoints } from "./core-objects.ts";

export const NODES: Resource = { group: "", version: "v1", plural: "nodes" };
const SLICES: Resource = { group: "discovery.k8s.io", version: "v1", plural: "endpointslices" };
const SERVICES: Resource = { group: "", version: "v1", plural: "services" };
/** The cluster's DNS, whatever program it is; the EndpointSlices of a Service bear its labels. */
const DNS = { namespace: "kube-system", labelSelector: "k8s-app=kube-dns" };
const API_SERVERS = { namespace: "default", labelSelector: "kubernetes.io/service-name=kubernetes" };

/** What the agent sees of the Kubernetes cluster that its host is a node of. */
export interface ClusterView {
  /** The same object until something changes. */
  parts(): ClusterParts;
  /** Resolves when following ended. */
  readonly finished: Promise<unknown>;
}

export interface ClusterViewOptions {
  readonly store: Pick<KubernetesStore, "reflector">;
  readonly own: OwnPlace;
  readonly signal: AbortSignal;
  /** After a change of the facts; not after changes that say nothing about them, as a node's heartbeats. */
  readonly onChange: () => void;
  /** How following a collection went: an error, or undefined for a list that came. */
  readonly onHeard: (collection: string, error: unknown) => void;
}

/** Follows the nodes, the endpoints of the API server, and the cluster's DNS. */
export function viewCluster({ store, own, signal, onChange, onHeard }: ClusterViewOptions): ClusterView {
  const followed = <T extends ApiObject>(collection: Collection<T>) => {
    const name = [collection.resource.plural, collection.namespace].filter((part) => part !== undefined).join(" in ");
    const onSync = () => {
      onHeard(name, undefined);
      look();
    };
    return followResource(store.reflector, collection, {
      signal,
      onSync,
      onEvent: () => look(),
      onFailure: (error) => onHeard(name, error),
    });
  };
  const nodes = followed({ resource: NODES, trim: coreNode });
  const apiServers = followed({ resource: SLICES, ...API_SERVERS, trim: endpoints });
  const dns = followed({ resource: SERVICES, ...DNS, trim: clusterService });
  const dnsEndpoints = followed({ resource: SLICES, ...DNS, trim: endpoints });
  let known: ClusterParts = {};
  const look = () => {
    const next = clusterParts(
      {
        ...(nodes.synced() ? { nodes: nodes.items() } : {}),
        ...(apiServers.synced() ? { apiServers: apiServers.items() } : {}),
        ...(dns.synced() ? { dns: dns.items() } : {}),
        ...(dnsEndpoints.synced() ? { dnsEndpoints: dnsEndpoints.items() } : {}),
      },
      own,
    );
    if (isDeepStrictEqual(next, known)) return;
    known = next;
    onChange();
  };
  return { parts: () => known, finished: Promise.all([nodes, apiServers, dns, dnsEndpoints].map(({ finished }) => finished)) };
}
