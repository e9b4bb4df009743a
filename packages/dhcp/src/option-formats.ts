import { readDomains, writeDomains } from "./domain-search.ts";
import type { DhcpOptions } from "./message.ts";
import { addressAt, addressBytes, addressNumber, concatenated, numberAt, numberBytes } from "./octets.ts";
import { readClasslessRoutes, readStaticRoutes, writeClasslessRoutes, writeStaticRoutes } from "./route-options.ts";

/** How one option stands in a message. `read` answers undefined for bytes that are no such value. */
interface Format<T> {
  readonly code: number;
  readonly read: (bytes: Uint8Array) => T | undefined;
  readonly write: (value: T) => Uint8Array;
}

type Formats = { readonly [K in keyof DhcpOptions]-?: Format<NonNullable<DhcpOptions[K]>> };

const SMALLEST_MTU = 68;

const address = (code: number): Format<string> => ({
  code,
  read: (bytes) => (bytes.length === 4 ? addressAt(bytes, 0) : undefined),
  write: addressBytes,
});

const addresses = (code: number): Format<readonly string[]> => ({
  code,
  read: (bytes) => (bytes.length === 0 || bytes.length % 4 !== 0 ? undefined : wordsOf(bytes).map((at) => addressAt(bytes, at))),
  write: (value) => concatenated(value.map(addressBytes)),
});

const number = (code: number, size: number, least = 0): Format<number> => ({
  code,
  read: (bytes) => (bytes.length === size && numberAt(bytes, 0, size) >= least ? numberAt(bytes, 0, size) : undefined),
  write: (value) => numberBytes(value, size),
});

/** Printable ASCII; zeros at the end are cut, which RFC 2132 (section 2) asks for. */
const text = (code: number): Format<string> => ({
  code,
  read: (bytes) => {
    const end = bytes.findLastIndex((byte) => byte !== 0) + 1;
    const value = String.fromCharCode(...bytes.subarray(0, end));
    return /^[ -~]+$/.test(value) ? value : undefined;
  },
  write: (value) => Uint8Array.from(value, (letter) => letter.charCodeAt(0)),
});

/** Every option of `DhcpOptions`, in the order in which they are written. */
export const OPTION_FORMATS: Formats = {
  clientId: { code: 61, read: (bytes) => (bytes.length >= 2 ? Uint8Array.from(bytes) : undefined), write: (value) => value },
  requestedAddress: address(50),
  serverId: address(54),
  leaseSeconds: number(51, 4),
  renewSeconds: number(58, 4),
  rebindSeconds: number(59, 4),
  prefixLength: { code: 1, read: readMask, write: (length) => numberBytes(maskOf(length), 4) },
  classlessRoutes: { code: 121, read: readClasslessRoutes, write: writeClasslessRoutes },
  routers: addresses(3),
  staticRoutes: { code: 33, read: readStaticRoutes, write: writeStaticRoutes },
  nameservers: addresses(6),
  hostName: text(12),
  domainName: text(15),
  domainSearch: { code: 119, read: readDomains, write: writeDomains },
  mtu: number(26, 2, SMALLEST_MTU),
  message: text(56),
  parameters: { code: 55, read: (bytes) => (bytes.length > 0 ? [...bytes] : undefined), write: (value) => Uint8Array.from(value) },
};

function readMask(bytes: Uint8Array): number | undefined {
  if (bytes.length !== 4) return undefined;
  const mask = addressNumber(addressAt(bytes, 0));
  const length = Math.clz32(~mask >>> 0);
  return maskOf(length) === mask ? length : undefined;
}

function maskOf(length: number): number {
  return length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0;
}

function wordsOf(bytes: Uint8Array): readonly number[] {
  return Array.from({ length: bytes.length / 4 }, (_, index) => index * 4);
}
