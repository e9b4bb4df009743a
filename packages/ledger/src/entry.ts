/** What identifies an attachment: CNI's network name, container and interface (CNI 1.1, "Parameters"). */
export interface AttachmentKey {
  readonly network: string;
  readonly containerID: string;
  readonly ifname: string;
}

/** An attachment that holds addresses on this host. */
export interface LedgerEntry {
  readonly key: AttachmentKey;
  /** Name of the bridge that the addresses belong to. */
  readonly bridge: string;
  /** Addresses with the prefix length of the subnet: `10.2.1.5/24`. */
  readonly addresses: readonly string[];
  /** Name of the host's end of the veth pair. */
  readonly hostName: string;
  /** Hardware address of the pod's end, lower case with colons. */
  readonly mac: string;
  /** The boot in which it was made; pods do not outlive a boot. */
  readonly bootId: string;
  /** The pod, where the runtime names it. */
  readonly pod?: { readonly namespace: string; readonly name: string };
  /** Ports of the host that lead to the pod. */
  readonly ports?: readonly MappedPort[];
  /** Subnets towards which it keeps its address where the plugin masquerades it; absent: the plugin does not. */
  readonly masqueradeExcept?: readonly string[];
  /** Limits of its traffic as the pod sees it: bits per second, and bits. */
  readonly bandwidth?: { readonly ingress?: TrafficLimit; readonly egress?: TrafficLimit };
  /** Interface of the same container whose ADD made this one, and with which it goes: the runtime does not name it. */
  readonly primary?: string;
  /** Routers of its subnets, one per family at most, where they are not the bridge's own address. */
  readonly gateways?: readonly string[];
  /** Routes that it has besides those of its bridge, such as a DHCP server gives; without `gw` the destination is on the link. */
  readonly routes?: readonly { readonly dst: string; readonly gw?: string }[];
  /** What a DHCP server gave its IPv4 address for. */
  readonly lease?: EntryLease;
  /** The addresses are kept for the next pod of this name (`pod`) on this bridge. */
  readonly sticky?: true;
  /** Path of the pod's network namespace at the time of ADD. */
  readonly netns?: string;
}

/** The lease of an address (RFC 2131). */
export interface EntryLease {
  /** The address with its prefix length; here also when the time is over and the pod has it no more. */
  readonly address: string;
  readonly isOver?: true;
  /** Address of the server that gave it, and the hardware address that its answer came from. */
  readonly server: string;
  readonly serverMac: string;
  /** By what the server knows the pod (option 61), in hex. */
  readonly clientId: string;
  /** Milliseconds since the boot of the entry, time asleep included, at which it began. */
  readonly startMs: number;
  readonly seconds: number;
  /** Seconds from its beginning until the server is to be asked to prolong it, and until any server is. */
  readonly renewSeconds: number;
  readonly rebindSeconds: number;
  /** When it began by the clock on the wall, which may be wrong (ISO 8601, UTC); for people. */
  readonly began: string;
  readonly dns?: { readonly nameservers: readonly string[]; readonly domain?: string; readonly search?: readonly string[] };
}

/** A limit of one direction; without `burst` the plugin chooses one. */
export interface TrafficLimit {
  readonly rate: number;
  readonly burst?: number;
}

/** A port of the host that leads to a port of the pod. */
export interface MappedPort {
  readonly protocol: "tcp" | "udp" | "sctp";
  readonly hostPort: number;
  readonly containerPort: number;
  /** Address of the host that it is bound to; absent: all of its addresses. */
  readonly hostIP?: string;
}

/** True for the entry of `key`, and for those of further interfaces that go with it. */
export function isOfFamily({ key, primary }: Pick<LedgerEntry, "key" | "primary">, of: AttachmentKey): boolean {
  return keyText(key) === keyText(of) || (primary === of.ifname && keyText({ ...key, ifname: primary }) === keyText(of));
}

/** The key as one text; its parts cannot hold a `/`. */
export function keyText({ network, containerID, ifname }: AttachmentKey): string {
  return `${network}/${containerID}/${ifname}`;
}
