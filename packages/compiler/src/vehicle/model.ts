import type { Ip, Prefix } from "@pharos/hoststate";

/** Where in the documents something comes from. */
export interface Origin {
  /** `Node/vehicle-network-node`. */
  readonly document: string;
  /** `spec.socs[0].interfaces[1]`. */
  readonly path: string;
}

/** The vehicle as all documents together describe it: what every feature reads. */
export interface Vehicle {
  readonly name: string;
  readonly origin: Origin;
  /** Default deny starts with the Node document and ends by defaultAction ACCEPT. */
  readonly defaultAction: "ACCEPT" | "DROP";
  readonly enforcement: "enforce" | "audit";
  readonly failsafe: readonly Failsafe[];
  /** SoCs and VMs in document order. */
  readonly hosts: readonly Host[];
  /** Cloud VMs: hosts outside the vehicle that rules may name; nobody runs an agent there. */
  readonly cloud: readonly Host[];
  readonly segments: readonly Segment[];
  readonly bridges: readonly PlacedBridge[];
}

export interface Failsafe {
  readonly host: string;
  readonly protocol: "tcp" | "udp";
  readonly port: number;
}

/** A machine with an agent (or, with managed false, an ECU or a foreign system that only has addresses). */
export interface Host {
  readonly name: string;
  readonly kind: "soc" | "vm" | "cloud";
  /** The SoC that a VM runs on. */
  readonly parent?: string;
  readonly managed: boolean;
  readonly interfaces: readonly HostInterface[];
  readonly origin: Origin;
}

export interface HostInterface {
  readonly host: string;
  /** Kernel name on that host: `eth0`. */
  readonly name: string;
  /** Name that is unique in the vehicle: host plus capitalised interface, `vm1Eth0`. */
  readonly qualifiedName: string;
  readonly type: "static" | "dhcp";
  /** Declared, or (dhcp) as the host reports it. */
  readonly address?: Prefix;
  /** True when an address is declared that cannot be read; a finding of its own tells it. */
  readonly addressUnreadable?: true;
  readonly gateway?: Ip;
  readonly nameservers: readonly string[];
  readonly segment: string;
  readonly uplink: boolean;
  readonly managed: boolean;
  readonly takeover: boolean;
  readonly mtu?: number;
  readonly origin: Origin;
}

/** Interfaces on one wire. */
export interface Segment {
  readonly name: string;
  readonly subnets: readonly Prefix[];
  /** SoCs, VMs and cloud VMs alike. */
  readonly members: readonly { readonly host: string; readonly interface: string }[];
  /** The Bridge of this name, whose ports the members are on their parent SoC. */
  readonly bridge?: string;
}

/** A bridge of a Bridge document and the hosts that carry it. */
export interface PlacedBridge {
  readonly name: string;
  readonly bridgeFor: "pod" | "vm" | "cloud";
  readonly ipMasq: boolean;
  readonly isGateway: boolean;
  readonly isDefault: boolean;
  readonly mtu?: number;
  /** Who gives pods their addresses: a DHCP server on the bridge, or the pod's annotation; absent: Pharos, from `ranges`. */
  readonly ipam?: "dhcp" | "static";
  /** Hosts that carry it, sorted. */
  readonly hosts: readonly string[];
  /** Interfaces of those hosts that are its ports. */
  readonly ports: readonly { readonly host: string; readonly interface: string }[];
  readonly ranges: readonly BridgeRange[];
  readonly routes: readonly { readonly dst: Prefix; readonly gw?: Ip }[];
  /** Declared prefix length of each host's part of a subnet. */
  readonly blockSize?: number;
  readonly origin: Origin;
}

export interface BridgeRange {
  readonly subnet: Prefix;
  readonly rangeStart?: Ip;
  readonly rangeEnd?: Ip;
  readonly exclude: readonly Ip[];
  /** Declared gateway address. */
  readonly gateway?: Ip;
  /** The part of the subnet of each host that carries the bridge. */
  readonly blocks: readonly { readonly host: string; readonly block: Prefix; readonly gateway: Ip }[];
  readonly origin: Origin;
}
