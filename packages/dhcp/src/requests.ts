import { encodeMessage } from "./encode-message.ts";
import { BROADCAST_MAC, CLIENT_PORT, SERVER_PORT, type UdpFrame } from "./frame.ts";
import type { Lease } from "./lease.ts";
import type { DhcpMessage, DhcpOptions } from "./message.ts";

/** Who the client is, and how it behaves in one exchange. */
export interface ClientSettings {
  /** Hardware address of its interface, lower case with colons. */
  readonly mac: string;
  /** By what servers tell clients apart (option 61): a type byte and what follows. */
  readonly clientId: Uint8Array;
  readonly hostName?: string;
  /** 32 random bits: transaction number of the first message. */
  readonly xid: number;
  /** 0 to 1, random: spreads the retransmissions of clients that begin together. */
  readonly jitter: number;
  /** Milliseconds until the exchange is given up. */
  readonly totalMs: number;
  /** True for addresses that somebody else has; a server that gives one is told so. */
  readonly isTaken: (address: string) => boolean;
  /** The one address that is accepted; absent: any. */
  readonly only?: string;
}

/** Transaction number, and seconds since the exchange began. */
interface Turn {
  readonly xid: number;
  readonly secs: number;
}

const ANY = "0.0.0.0";
const EVERYBODY = "255.255.255.255";
/** What servers are asked for; routes before the router (RFC 3442): 1 mask, 121 and 33 routes, 3 router, 6 and 15 and 119 DNS, 51 58 59 times. */
const PARAMETERS = [1, 121, 33, 3, 6, 15, 119, 51, 58, 59];

/** DHCPDISCOVER. */
export function discoverOf(settings: ClientSettings, turn: Turn, wish?: string): UdpFrame {
  const options = { ...asked(settings), ...(wish === undefined ? {} : { requestedAddress: wish }) };
  return toAll(settings, messageOf(settings, turn, { type: "discover", options }));
}

/** DHCPREQUEST that takes an offer. */
export function requestOf(settings: ClientSettings, turn: Turn, { address, server }: { address: string; server: string }): UdpFrame {
  const options = { ...asked(settings), requestedAddress: address, serverId: server };
  return toAll(settings, messageOf(settings, turn, { type: "request", options }));
}

/** DHCPREQUEST in INIT-REBOOT: to all, with the address and without a server. */
export function rebootOf(settings: ClientSettings, turn: Turn, address: string): UdpFrame {
  return toAll(settings, messageOf(settings, turn, { type: "request", options: { ...asked(settings), requestedAddress: address } }));
}

/**
 * DHCPREQUEST in RENEWING: to the server. What is sent again goes to all hardware addresses, because the server's may be another by
 * now, as after a takeover by its standby.
 */
export function renewOf(settings: ClientSettings, turn: Turn, { lease, sends }: { lease: Lease; sends: number }): UdpFrame {
  const message = messageOf(settings, turn, { type: "request", ciaddr: hostOf(lease), options: asked(settings) });
  const frame = toServer(settings, lease, message);
  return sends > 1 ? { ...frame, destinationMac: BROADCAST_MAC } : frame;
}

/** DHCPREQUEST in REBINDING: to all servers. */
export function rebindOf(settings: ClientSettings, turn: Turn, lease: Lease): UdpFrame {
  const ciaddr = hostOf(lease);
  return { ...toAll(settings, messageOf(settings, turn, { type: "request", ciaddr, options: asked(settings) })), source: ciaddr };
}

/** DHCPDECLINE: somebody else has the address. */
export function declineOf(settings: ClientSettings, xid: number, lease: Lease): UdpFrame {
  const options = { clientId: settings.clientId, requestedAddress: hostOf(lease), serverId: lease.server };
  return toAll(settings, messageOf(settings, { xid, secs: 0 }, { type: "decline", options }));
}

/** What names the client of a lease to its server. */
export type LeaseHolder = Pick<ClientSettings, "mac" | "clientId" | "xid">;

/** DHCPRELEASE: the address may be given to others. Nobody answers it. */
export function releaseOf(holder: LeaseHolder, lease: Pick<Lease, "address" | "server" | "serverMac">): UdpFrame {
  const options = { clientId: holder.clientId, serverId: lease.server };
  return toServer(holder, lease, messageOf(holder, { xid: holder.xid, secs: 0 }, { type: "release", ciaddr: hostOf(lease), options }));
}

function asked({ clientId, hostName }: ClientSettings): DhcpOptions {
  return { clientId, ...(hostName === undefined ? {} : { hostName }), parameters: PARAMETERS };
}

function messageOf(
  { mac }: LeaseHolder,
  { xid, secs }: Turn,
  { type, ciaddr = ANY, options }: Pick<DhcpMessage, "type" | "options"> & { readonly ciaddr?: string },
): DhcpMessage {
  // No broadcast flag: whoever reads frames receives what is sent to an address that the interface has not yet.
  return { op: "request", type, xid, secs, broadcast: false, ciaddr, yiaddr: ANY, siaddr: ANY, giaddr: ANY, chaddr: mac, options };
}

function toAll({ mac }: LeaseHolder, message: DhcpMessage): UdpFrame {
  return frameOf({ sourceMac: mac, destinationMac: BROADCAST_MAC, source: ANY, destination: EVERYBODY }, message);
}

function toServer(
  { mac }: LeaseHolder,
  { address, server, serverMac }: Pick<Lease, "address" | "server" | "serverMac">,
  message: DhcpMessage,
): UdpFrame {
  return frameOf({ sourceMac: mac, destinationMac: serverMac, source: hostOf({ address }), destination: server }, message);
}

function frameOf(ends: Pick<UdpFrame, "sourceMac" | "destinationMac" | "source" | "destination">, message: DhcpMessage): UdpFrame {
  return { ...ends, sourcePort: CLIENT_PORT, destinationPort: SERVER_PORT, payload: encodeMessage(message) };
}

function hostOf({ address }: Pick<Lease, "address">): string {
  return address.split("/")[0] ?? "";
}
