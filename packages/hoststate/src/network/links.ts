/** What every link may carry. A field that is absent is left as the kernel has it. */
interface LinkCommon {
  /** Interface name, 1 to 15 bytes, valid by `isInterfaceName`. */
  readonly name: string;
  /** Bytes, 68 to 65535. */
  readonly mtu?: number;
  /** Name of the bridge that the link is a port of; `null` means of none. */
  readonly master?: string | null;
  /** Hardware address, lower case with colons. */
  readonly mac?: string;
  /** Only in observed states: the link is administratively down, which no document asks for. */
  readonly down?: true;
}

export interface BridgeLink extends LinkCommon {
  readonly kind: "bridge";
  /** Hands bridged IP packets to the inet hooks (the bridge's own nf_call_iptables and nf_call_ip6tables). */
  readonly callIptables: boolean;
  readonly multicastSnooping: boolean;
}

/** One end of a veth pair with both ends in this namespace. The peer is an item of its own, whose `peer` is this one. */
export interface VethLink extends LinkCommon {
  readonly kind: "veth";
  readonly peer: string;
}

export interface MacvlanLink extends LinkCommon {
  readonly kind: "macvlan";
  readonly parent: string;
  readonly mode: "bridge" | "private" | "vepa" | "passthru";
}

export interface VxlanLink extends LinkCommon {
  readonly kind: "vxlan";
  /** 0 to 16777215. */
  readonly vni: number;
  readonly local?: string;
  readonly remote?: string;
  /** UDP port, 4789 by IANA. */
  readonly port: number;
  readonly learning: boolean;
}

export interface DummyLink extends LinkCommon {
  readonly kind: "dummy";
}

/**
 * An interface that we did not create: it is set up, may become a port of a bridge, and is never deleted. Every link
 * without our mark is observed as this kind, whatever it is; when another kind is desired under its name, it is adopted.
 */
export interface PhysicalLink extends LinkCommon {
  readonly kind: "physical";
}

/** A link that should exist and be up. */
export type Link = BridgeLink | VethLink | MacvlanLink | VxlanLink | DummyLink | PhysicalLink;
