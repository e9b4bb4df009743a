import type { Bridge, Node, PodNetwork, RoutingConfig, SecurityConfig, ServiceDeployment, ServiceRegistration } from "@pharos/kinds";
import type { ClusterFacts } from "./cluster/cluster-facts.ts";

/** The documents that one revision is made from, each list sorted by name. */
export interface DocumentSet {
  readonly nodes: readonly Node[];
  readonly bridges: readonly Bridge[];
  readonly routingConfigs: readonly RoutingConfig[];
  readonly securityConfigs: readonly SecurityConfig[];
  readonly serviceDeployments: readonly ServiceDeployment[];
}

/** Which part of a bridge's subnet belongs to which host; sticky from revision to revision. */
export interface Allocation {
  readonly bridge: string;
  readonly subnet: string;
  readonly host: string;
  readonly block: string;
}

/** What a ConfigRevision holds inside its gzip: everything that compile needs besides live data. */
export interface RevisionContent {
  readonly documents: DocumentSet;
  readonly allocations: readonly Allocation[];
  /** Addresses of dhcp interfaces as hosts reported them when the revision was frozen. */
  readonly leases: readonly { readonly host: string; readonly interface: string; readonly address: string }[];
}

/** A revision as an agent compiles it. */
export interface Revision {
  readonly epoch: string;
  readonly number: number;
  readonly content: RevisionContent;
}

/** What changes without a new revision: pods and registered services of all hosts. */
export interface Live {
  readonly podNetworks: readonly PodNetwork[];
  readonly serviceRegistrations: readonly ServiceRegistration[];
  /** Absent outside Kubernetes. */
  readonly cluster?: ClusterFacts;
}

/** What a host's kernel can do and has, as `kernel.facts()` or a HostReport tells it. */
export interface HostFacts {
  readonly bridgeNetfilter: boolean;
  readonly nftables: boolean;
  readonly ipv6: boolean;
  readonly interfaces: readonly {
    readonly name: string;
    readonly mac?: string;
    /** In bytes. */
    readonly mtu?: number;
    readonly addresses: readonly string[];
    readonly manager?: "NetworkManager" | "networkd";
  }[];
}
