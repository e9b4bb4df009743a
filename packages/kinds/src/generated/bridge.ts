// Made by scripts/generate-kinds.ts from crds/. Do not edit.
import type { Condition, ObjectMeta } from "./object.ts";

/** Bridges for pods, for VMs or towards the cloud, and the addresses that they hand out. */
export interface Bridge {
  readonly apiVersion: "pharos.io/v1";
  readonly kind: "Bridge";
  readonly metadata: ObjectMeta;
  readonly spec: BridgeSpec;
  readonly status?: BridgeStatus;
}

/** The bridges. */
export interface BridgeSpec {
  /** One entry a bridge; names are unique in the vehicle. */
  readonly bridges: readonly BridgeSpecEntry[];
}

export interface BridgeSpecEntry {
  /** Name of the bridge in each host's kernel, at most 15 bytes. Example: "podBr0". */
  readonly name: string;
  /** Kind of link; only bridge exists. Example: "bridge". Default: "bridge". */
  readonly type: "bridge";
  /** Who is attached to it. Example: "pod". */
  readonly bridgeFor: "pod" | "vm" | "cloud";
  /** Whether traffic that leaves the bridge's subnets takes the host's address (masquerade). Example: true. Default: false. */
  readonly ipMasq: boolean;
  /** Whether the host has an address on the bridge and routes for it. The address is the first of the host's block unless ranges name a gateway. Example: true. Default: false. */
  readonly isGateway: boolean;
  /** Maximum transmission unit in bytes. Default is what the kernel has. Example: 1500. */
  readonly mtu?: number;
  /** SoCs and VMs that carry the bridge. Default by bridgeFor - pod is every VM and each SoC without VMs, vm is each SoC with VMs, cloud is each host with an interface in a cloud segment. Example: ["vm1"]. */
  readonly hosts?: readonly string[];
  /** Existing interfaces that become ports of the bridge. */
  readonly ports?: readonly BridgePort[];
  /** Whether pods that name no bridge are attached here, where a host carries several bridges for pods. Example: false. Default: false. */
  readonly default: boolean;
  /** How addresses are handed out. Without it the bridge only switches. */
  readonly ipam?: BridgeIpam;
}

/** How addresses are handed out. Without it the bridge only switches. */
export interface BridgeIpam {
  /** host-local takes addresses from ranges, dhcp asks a DHCP server on the bridge (IPv4), static takes the address that the pod's annotation names. Example: "host-local". Default: "host-local". */
  readonly type: "host-local" | "dhcp" | "static";
  /** Prefix length in bits of the part of a subnet that each host gets, where several hosts share it. Default is the largest that fits. Example: 26. */
  readonly blockSize?: number;
  /** Subnets that addresses are taken from. With dhcp they only say which subnet the addresses of the server are of, for isGateway, ipMasq and rules. */
  readonly ranges?: readonly BridgeRange[];
  /** Routes that each attached pod gets. */
  readonly routes?: readonly BridgeRoute[];
}

export interface BridgeRoute {
  /** Destination (CIDR). Example: "0.0.0.0/0". */
  readonly dst: string;
  /** Next hop. Default is the range's gateway. Example: "10.2.1.1". */
  readonly gw?: string;
}

export interface BridgeRange {
  /** Subnet (CIDR). Example: "10.2.1.0/24". */
  readonly subnet: string;
  /** First address that is handed out. Example: "10.2.1.10". */
  readonly rangeStart?: string;
  /** Last address that is handed out. Example: "10.2.1.200". */
  readonly rangeEnd?: string;
  /** Address of the gateway. Default is the first address of each host's block. Example: "10.2.1.1". */
  readonly gateway?: string;
  /** Addresses that are never handed out. Example: ["10.2.1.50"]. */
  readonly exclude?: readonly string[];
}

export interface BridgePort {
  /** SoC or VM whose interface it is. Default is every host that carries the bridge. Example: "soc1". */
  readonly host?: string;
  /** Name of the interface in that host's kernel. Example: "eth1". */
  readonly interface: string;
}

/** What the operator decided and found. */
export interface BridgeStatus {
  /** Which part of a subnet belongs to which host. */
  readonly allocations?: readonly BridgeAllocation[];
  /** What is true of this object now; one entry a type. */
  readonly conditions?: readonly Condition[];
}

export interface BridgeAllocation {
  /** Name of the bridge. Example: "podBr0". */
  readonly bridge: string;
  /** Subnet (CIDR) that is shared. Example: "10.2.1.0/24". */
  readonly subnet: string;
  /** SoC or VM. Example: "vm1". */
  readonly host: string;
  /** That host's part (CIDR). Example: "10.2.1.0/26". */
  readonly block: string;
}
