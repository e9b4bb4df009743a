/** Where the CNI plugin finds its data, below the agent's root folder. */
export const POD_NETWORK_DATA_PATH = "/var/lib/pharos/cni.json";

/** One address range of a bridge, cut to this host. */
export interface PodRange {
  /** The whole subnet of the bridge on all hosts; the prefix length of pod addresses comes from it. */
  readonly subnet: string;
  /** The part of `subnet` that this host hands out addresses from. */
  readonly block: string;
  /** First and last address that may be handed out, inside `block`. */
  readonly rangeStart: string;
  readonly rangeEnd: string;
  /** The bridge's own address on this host, when it is a gateway. */
  readonly gateway?: string;
  /** What inside the block is never handed out: addresses, prefixes, or two addresses with `-` between them. */
  readonly exclude: readonly string[];
}

/** A bridge on this host that pods may be attached to. */
export interface PodBridge {
  readonly name: string;
  readonly isGateway: boolean;
  readonly ipMasq: boolean;
  /** Bytes. */
  readonly mtu?: number;
  /** A frame may leave by the port that it came by: a pod reaches itself through a Service where the bridge passes the firewall. */
  readonly hairpin?: boolean;
  /** Who gives addresses: a DHCP server on the bridge, or the pod's own annotation; absent: the plugin, from `ranges`. */
  readonly ipam?: "dhcp" | "static";
  /** Pods of this bridge reach its gateway and what lies behind, but not each other (bridge port isolation). */
  readonly isolated?: boolean;
  readonly ranges: readonly PodRange[];
  readonly routes: readonly { readonly dst: string; readonly gw?: string }[];
}

/** All that the CNI plugin needs to know; written by the agent at commit, or given inline in the plugin's configuration. */
export interface PodNetworkData {
  readonly version: 1;
  /** The bridge of a pod that names none; absent when there is no unambiguous default. */
  readonly defaultBridge?: string;
  readonly bridges: readonly PodBridge[];
}
