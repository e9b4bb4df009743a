/** Kinds of messages in the order of option 53 (RFC 2132, 9.6), from 1 on. */
export const MESSAGE_TYPES = ["discover", "offer", "request", "decline", "ack", "nak", "release", "inform"] as const;
export type MessageType = (typeof MESSAGE_TYPES)[number];

/** A route that a server hands out. */
export interface OfferedRoute {
  /** `10.4.0.0/16`, host bits cleared. */
  readonly dst: string;
  /** Next hop; absent: the destination is on the link (RFC 3442). */
  readonly gw?: string;
}

/** The options that the client speaks (RFC 2132 where nothing else is said). Addresses are dotted quads, times seconds. */
export interface DhcpOptions {
  /** Option 1, as a length. */
  readonly prefixLength?: number;
  readonly routers?: readonly string[];
  readonly nameservers?: readonly string[];
  readonly hostName?: string;
  readonly domainName?: string;
  /** Bytes. */
  readonly mtu?: number;
  /** Option 33; destinations without a mask, so all are of length 32 or, with all host bits zero, of the old classes. */
  readonly staticRoutes?: readonly OfferedRoute[];
  readonly requestedAddress?: string;
  /** 4294967295 is for ever. */
  readonly leaseSeconds?: number;
  readonly serverId?: string;
  readonly parameters?: readonly number[];
  /** Words of a server that refuses. */
  readonly message?: string;
  readonly renewSeconds?: number;
  readonly rebindSeconds?: number;
  readonly clientId?: Uint8Array;
  /** Option 119 (RFC 3397). */
  readonly domainSearch?: readonly string[];
  /** Option 121 (RFC 3442). */
  readonly classlessRoutes?: readonly OfferedRoute[];
}

/** A DHCP message (RFC 2131, section 2) over Ethernet. */
export interface DhcpMessage {
  readonly op: "request" | "reply";
  readonly type: MessageType;
  /** 32 bits. */
  readonly xid: number;
  /** Seconds since the client began; 16 bits. */
  readonly secs: number;
  /** The client asks for answers to all, because it cannot receive its own address yet. */
  readonly broadcast: boolean;
  readonly ciaddr: string;
  readonly yiaddr: string;
  readonly siaddr: string;
  readonly giaddr: string;
  /** Hardware address of the client, lower case with colons. */
  readonly chaddr: string;
  readonly options: DhcpOptions;
}
