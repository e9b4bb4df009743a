import { bytesOf, type Family, formatIp, fromBytes, parseIp, parsePrefix } from "@pharos/hoststate";
import { AF } from "./constants.ts";

/** The bytes of an address in network order. Throws RangeError when `address` is none: callers validate before. */
export function ipBytes(address: string): Buffer {
  const ip = parseIp(address);
  if (ip === undefined) throw new RangeError(`not an IP address: ${address}`);
  return Buffer.from(bytesOf(ip));
}

/** A prefix as the kernel takes it. Throws RangeError when `prefix` is none. */
export function prefixBytes(prefix: string): { readonly family: number; readonly bytes: Buffer; readonly length: number } {
  const parsed = parsePrefix(prefix);
  if (parsed === undefined) throw new RangeError(`not a prefix: ${prefix}`);
  return { family: familyNumber(parsed.ip.family), bytes: Buffer.from(bytesOf(parsed.ip)), length: parsed.length };
}

export function familyNumber(family: Family): number {
  return family === "ipv4" ? AF.INET : AF.INET6;
}

/** The family of an AF number; undefined when it is neither IPv4 nor IPv6. */
export function familyOf(number: number): Family | undefined {
  return number === AF.INET ? "ipv4" : number === AF.INET6 ? "ipv6" : undefined;
}

/** Canonical text of 4 or 16 bytes. */
export function ipText(bytes: Buffer): string {
  return formatIp(fromBytes(bytes.length === 4 ? "ipv4" : "ipv6", bytes));
}
