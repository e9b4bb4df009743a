// Made by scripts/generate-kinds.ts from crds/. Do not edit.
import type { Condition, ObjectMeta } from "./object.ts";

/** A whole vehicle, that is its SoCs, their VMs, the cloud VMs it talks to, and the interfaces of all of them. */
export interface Node {
  readonly apiVersion: "pharos.io/v1";
  readonly kind: "Node";
  readonly metadata: ObjectMeta;
  readonly spec: NodeSpec;
  readonly status?: NodeStatus;
}

/** The vehicle tree. */
export interface NodeSpec {
  /** Identifies the vehicle. Example: "vehicle001". */
  readonly name: string;
  /** What happens to a forwarded flow that no rule accepts. DROP is default deny; only ACCEPT ends it. Example: "DROP". Default: "DROP". */
  readonly defaultAction: "ACCEPT" | "DROP";
  /** enforce drops what the rules forbid; audit counts and logs it, and drops nothing. Example: "enforce". Default: "enforce". */
  readonly enforcement: "enforce" | "audit";
  /** Destinations of the hosts' own traffic that no rule can close, besides those that Pharos keeps open by itself. */
  readonly failsafe?: readonly NodeFailsafe[];
  /** Systems on chip, the machines of the vehicle. */
  readonly socs: readonly NodeSoc[];
  /** Machines outside the vehicle that rules may name. Pharos does not configure them. */
  readonly cloud?: readonly NodeCloud[];
}

export interface NodeCloud {
  /** Name of the cloud VM. Unique among all SoCs, VMs and cloud VMs. Example: "cloud_vm1". */
  readonly name: string;
  /** Its interfaces. */
  readonly interfaces?: readonly NodeCloudInterface[];
}

export interface NodeCloudInterface {
  /** Name by which rules call the interface. Example: "awsEth0". */
  readonly name: string;
  /** Address and prefix length (CIDR). Example: "172.16.1.2/24". */
  readonly address: string;
  /** Next hop towards the vehicle. Example: "172.16.1.1". */
  readonly gateway?: string;
  /** Name of the wire that this interface is on. Example: "cloud". */
  readonly segment?: string;
}

export interface NodeSoc {
  /** Name of the SoC; its agent is started under this name. Unique among all SoCs, VMs and cloud VMs. Example: "soc1". */
  readonly name: string;
  /** Whether a Pharos agent runs here. false describes an ECU, a switch or a foreign system. Example: true. Default: true. */
  readonly managed: boolean;
  /** Network interfaces of the machine. */
  readonly interfaces?: readonly NodeInterface[];
  /** Virtual machines on this SoC. */
  readonly vms?: readonly NodeVm[];
}

export interface NodeVm {
  /** Name of the VM; its agent is started under this name. Unique among all SoCs, VMs and cloud VMs. Example: "vm1". */
  readonly name: string;
  /** Whether a Pharos agent runs here. false describes a foreign system, for example QNX. Example: true. Default: true. */
  readonly managed: boolean;
  /** Network interfaces of the machine. */
  readonly interfaces?: readonly NodeInterface[];
}

export interface NodeInterface {
  /** Name of the interface in the machine's kernel, at most 15 bytes. Example: "eth0". */
  readonly name: string;
  /** Where the address comes from. Example: "static". Default: "static". */
  readonly type: "static" | "dhcp";
  /** Address and prefix length (CIDR) of a static interface. Example: "192.168.1.10/24". */
  readonly address?: string;
  /** Next hop of the machine's default route; lies in the interface's subnet. Example: "192.168.1.1". */
  readonly gateway?: string;
  /** Name resolution through this interface. */
  readonly dns?: NodeDns;
  /** Name of the wire that this interface is on; interfaces of one segment see each other. Default is one wire a subnet. A Bridge's name joins that bridge on the parent SoC. Example: "backbone". */
  readonly segment?: string;
  /** Whether what lies beyond this interface belongs to it in rules, for example the Internet. Example: false. Default: false. */
  readonly uplink: boolean;
  /** Whether Pharos configures this interface. false only describes it. Example: true. Default: true. */
  readonly managed: boolean;
  /** Whether Pharos may configure it although NetworkManager or systemd-networkd manages it. Example: false. Default: false. */
  readonly takeover: boolean;
  /** Maximum transmission unit in bytes. Default is what the kernel has. Example: 1500. */
  readonly mtu?: number;
}

/** Name resolution through this interface. */
export interface NodeDns {
  /** Addresses of DNS servers, the preferred one first. Example: ["8.8.8.8","8.8.4.4"]. */
  readonly nameservers?: readonly string[];
}

export interface NodeFailsafe {
  /** An address, or the name of a SoC, VM or cloud VM. Example: "10.1.0.1". */
  readonly host: string;
  /** Transport protocol. Example: "tcp". */
  readonly protocol: "tcp" | "udp";
  /** Destination port. Example: 6443. */
  readonly port: number;
}

/** What the operator found. */
export interface NodeStatus {
  /** What is true of this object now; one entry a type. */
  readonly conditions?: readonly Condition[];
}
