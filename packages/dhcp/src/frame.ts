import { addressAt, addressBytes, concatenated, macAt, macBytes, numberAt, numberBytes } from "./octets.ts";

/** A UDP datagram in IPv4 in an Ethernet frame. Hardware addresses in lower case with colons, addresses as dotted quads. */
export interface UdpFrame {
  readonly sourceMac: string;
  readonly destinationMac: string;
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly payload: Uint8Array;
}

/** Ports of DHCP servers and clients (RFC 2131, section 4.1). */
export const SERVER_PORT = 67;
export const CLIENT_PORT = 68;
export const BROADCAST_MAC = "ff:ff:ff:ff:ff:ff";

const ETHERTYPE_IPV4 = 0x0800;
/** Ethertype, then hardware and protocol types and lengths, then the operation (RFC 826). */
const ARP_REQUEST = Uint8Array.of(0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1);
const ETHERNET_BYTES = 14;
const IP_BYTES = 20;
const UDP_BYTES = 8;
const PROTOCOL_UDP = 17;
const DONT_FRAGMENT = 0x4000;
const FRAGMENTED = 0x3fff;
const TTL = 64;

/** The frame's bytes with all checksums. */
export function encodeFrame(frame: UdpFrame): Uint8Array {
  const udp = concatenated([
    numberBytes(frame.sourcePort, 2),
    numberBytes(frame.destinationPort, 2),
    numberBytes(UDP_BYTES + frame.payload.length, 2),
    new Uint8Array(2),
    frame.payload,
  ]);
  const source = addressBytes(frame.source);
  const destination = addressBytes(frame.destination);
  // A computed 0 is sent as its other form, because 0 means that there is no checksum (RFC 768).
  udp.set(numberBytes(inverted(folded(sumOf(udp) + pseudoSum(source, destination, udp.length))) || 0xffff, 2), 6);
  const ip = concatenated([
    Uint8Array.of(0x45, 0),
    numberBytes(IP_BYTES + udp.length, 2),
    numberBytes(0, 2),
    numberBytes(DONT_FRAGMENT, 2),
    Uint8Array.of(TTL, PROTOCOL_UDP, 0, 0),
    source,
    destination,
  ]);
  ip.set(numberBytes(inverted(folded(sumOf(ip))), 2), 10);
  return concatenated([macBytes(frame.destinationMac), macBytes(frame.sourceMac), numberBytes(ETHERTYPE_IPV4, 2), ip, udp]);
}

/** An ARP announcement (RFC 5227, section 3): tells all neighbours at which hardware address `address` is now. */
export function encodeAnnouncement(mac: string, { address }: { readonly address: string }): Uint8Array {
  const own = addressBytes(address.split("/")[0] ?? "");
  return concatenated([macBytes(BROADCAST_MAC), macBytes(mac), ARP_REQUEST, macBytes(mac), own, new Uint8Array(6), own]);
}

/** Reads a frame; undefined for all that is no whole UDP datagram with valid checksums. */
export function decodeFrame(bytes: Uint8Array): UdpFrame | undefined {
  if (numberAt(bytes, 12, 2) !== ETHERTYPE_IPV4) return undefined;
  const packet = bytes.subarray(ETHERNET_BYTES);
  const headerBytes = ((packet[0] ?? 0) & 15) * 4;
  const length = numberAt(packet, 2, 2);
  if ((packet[0] ?? 0) >>> 4 !== 4 || headerBytes < IP_BYTES || length > packet.length || length < headerBytes + UDP_BYTES)
    return undefined;
  if ((numberAt(packet, 6, 2) & FRAGMENTED) !== 0 || packet[9] !== PROTOCOL_UDP) return undefined;
  if (folded(sumOf(packet.subarray(0, headerBytes))) !== 0xffff) return undefined;
  const udpLength = numberAt(packet, headerBytes + 4, 2);
  if (udpLength < UDP_BYTES || headerBytes + udpLength > length) return undefined;
  const udp = packet.subarray(headerBytes, headerBytes + udpLength);
  if (!hasGoodSum(udp, pseudoSum(packet.subarray(12, 16), packet.subarray(16, 20), udpLength))) return undefined;
  return {
    destinationMac: macAt(bytes, 0),
    sourceMac: macAt(bytes, 6),
    source: addressAt(packet, 12),
    destination: addressAt(packet, 16),
    sourcePort: numberAt(udp, 0, 2),
    destinationPort: numberAt(udp, 2, 2),
    payload: Uint8Array.from(udp.subarray(UDP_BYTES)),
  };
}

/**
 * A frame that never left this machine may hold the sum of the pseudo header alone: the kernel leaves the rest to the hardware, and
 * between namespaces there is none.
 */
function hasGoodSum(udp: Uint8Array, pseudo: number): boolean {
  const found = numberAt(udp, 6, 2);
  return found === 0 || folded(sumOf(udp) + pseudo) === 0xffff || found === folded(pseudo);
}

/** Sum of 16-bit words; an odd byte at the end is the high one (RFC 1071). */
function sumOf(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  return sum;
}

function pseudoSum(source: Uint8Array, destination: Uint8Array, length: number): number {
  return sumOf(source) + sumOf(destination) + PROTOCOL_UDP + length;
}

function folded(sum: number): number {
  let rest = sum;
  while (rest > 0xffff) rest = (rest & 0xffff) + Math.floor(rest / 0x10000);
  return rest;
}

function inverted(sum: number): number {
  return ~sum & 0xffff;
}
