/** What an agent knows of the Kubernetes cluster that its host is a node of. */
export interface ClusterFacts {
  /** Sorted by name. */
  readonly nodes: readonly ClusterNode[];
  /** Endpoints of the API server, sorted. */
  readonly apiServers: readonly ServerAddress[];
  /** Service addresses of the cluster's DNS, sorted. */
  readonly dns: readonly string[];
  /** Addresses of the pods behind it, sorted. */
  readonly dnsEndpoints: readonly string[];
  /** Port that kubelet serves on. */
  readonly kubeletPort: number;
}

export interface ServerAddress {
  readonly address: string;
  readonly port: number;
}

export interface ClusterNode {
  /** Name of the Kubernetes node. */
  readonly name: string;
  /** The SoC or VM that it is: its label `pharos.io/host`, else its name. */
  readonly host: string;
  /** Prefixes that the cluster gave this node for its pods; empty until it did. */
  readonly podCidrs: readonly string[];
  /** Addresses that other nodes reach it under. */
  readonly addresses: readonly string[];
}
