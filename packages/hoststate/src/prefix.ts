import ipaddr from "ipaddr.js";

export type Family = "ipv4" | "ipv6";

/** An IP address as a number with its family. `value` has 32 or 128 bits. */
export interface Ip {
  readonly family: Family;
  readonly value: bigint;
}

/** An address with a prefix length: `10.1.0.2/24` keeps the host bits, see `networkOf`. */
export interface Prefix {
  readonly ip: Ip;
  readonly length: number;
}

/** The width of an address of `family` in bits. */
export function bitsOf(family: Family): number {
  return family === "ipv4" ? 32 : 128;
}

/** Parses `10.1.0.2` or `fd00::1` (no zone index, no IPv4 short forms); undefined when `text` is neither. */
export function parseIp(text: string): Ip | undefined {
  if (!text.includes(":")) return parseIp4(text);
  if (!text.includes("%") && ipaddr.IPv6.isValid(text)) return fromBytes("ipv6", ipaddr.IPv6.parse(text).toByteArray());
  return undefined;
}

/**
 * Not by the library: the CNI plugin does this in each of its processes, and regular expressions take V8 a millisecond to compile. So there are none in
 * what it needs of this file, and IPv4 has as few bigints as can be.
 */
function parseIp4(text: string): Ip | undefined {
  const bytes = text.split(".").map(Number);
  const isCanonical = bytes.length === 4 && bytes.every((byte) => byte >= 0 && byte <= 255) && bytes.join(".") === text;
  return isCanonical ? fromBytes("ipv4", bytes) : undefined;
}

/** Parses `10.1.0.2/24`; undefined when `text` is not an address, a slash and a length in range. */
export function parsePrefix(text: string): Prefix | undefined {
  const slash = text.indexOf("/");
  const ip = slash === -1 ? undefined : parseIp(text.slice(0, slash));
  const length = numberOf(text.slice(slash + 1));
  return ip === undefined || length === undefined || length > bitsOf(ip.family) ? undefined : { ip, length };
}

/** One to three decimal digits. */
function numberOf(digits: string): number | undefined {
  if (digits.length < 1 || digits.length > 3) return undefined;
  for (const digit of digits) if (digit < "0" || digit > "9") return undefined;
  return Number(digits);
}

/** The bytes of an address in network order: 4 or 16. */
export function bytesOf(ip: Ip): Uint8Array {
  if (ip.family === "ipv4") {
    const value = Number(ip.value);
    return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
  }
  const bytes = new Uint8Array(16);
  let rest = ip.value;
  for (let index = bytes.length - 1; index >= 0; index--) {
    bytes[index] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

/** The address of 4 or 16 bytes in network order. */
export function fromBytes(family: Family, bytes: ArrayLike<number>): Ip {
  if (family === "ipv4") {
    const number = (bytes[0] ?? 0) * 0x1000000 + ((bytes[1] ?? 0) << 16) + ((bytes[2] ?? 0) << 8) + (bytes[3] ?? 0);
    return { family, value: BigInt(number) };
  }
  let value = 0n;
  for (let index = 0; index < bytes.length; index++) value = (value << 8n) | BigInt(bytes[index] ?? 0);
  return { family, value };
}

/** Canonical text: dotted quad, or RFC 5952 for IPv6. */
export function formatIp(ip: Ip): string {
  const bytes = [...bytesOf(ip)];
  return ip.family === "ipv4" ? bytes.join(".") : ipaddr.fromByteArray(bytes).toString();
}

export function formatPrefix(prefix: Prefix): string {
  return `${formatIp(prefix.ip)}/${prefix.length}`;
}

/** The same prefix with its host bits cleared. */
export function networkOf(prefix: Prefix): Prefix {
  return { ip: firstOf(prefix), length: prefix.length };
}

/** The lowest address of a prefix (the network address). */
export function firstOf(prefix: Prefix): Ip {
  const host = BigInt(bitsOf(prefix.ip.family) - prefix.length);
  return { family: prefix.ip.family, value: (prefix.ip.value >> host) << host };
}

/** The highest address of a prefix (in IPv4 the broadcast address). */
export function lastOf(prefix: Prefix): Ip {
  const host = BigInt(bitsOf(prefix.ip.family) - prefix.length);
  return { family: prefix.ip.family, value: firstOf(prefix).value + (1n << host) - 1n };
}

/** The address `offset` above `ip`; the caller keeps it in range. */
export function addressAt(ip: Ip, offset: bigint): Ip {
  return { family: ip.family, value: ip.value + offset };
}

export function containsIp(prefix: Prefix, ip: Ip): boolean {
  return prefix.ip.family === ip.family && firstOf(prefix).value <= ip.value && ip.value <= lastOf(prefix).value;
}

/** True when `outer` holds all of `inner`. */
export function containsPrefix(outer: Prefix, inner: Prefix): boolean {
  return outer.length <= inner.length && containsIp(outer, inner.ip);
}

export function overlaps(a: Prefix, b: Prefix): boolean {
  return containsPrefix(a, b) || containsPrefix(b, a);
}

export function sameIp(a: Ip, b: Ip): boolean {
  return a.family === b.family && a.value === b.value;
}

/** Order by family, then by value; for sorting. */
export function compareIp(a: Ip, b: Ip): number {
  if (a.family !== b.family) return a.family < b.family ? -1 : 1;
  return a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
}
