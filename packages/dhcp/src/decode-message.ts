import { PharosError } from "@pharos/base/errors";
import { DHCP_MALFORMED } from "./codes.ts";
import { HEADER_BYTES, MAGIC } from "./encode-message.ts";
import { type DhcpMessage, type DhcpOptions, MESSAGE_TYPES } from "./message.ts";
import { addressAt, concatenated, macAt, numberAt } from "./octets.ts";
import { OPTION_FORMATS } from "./option-formats.ts";

const PAD = 0;
const END = 255;
const OPTION_TYPE = 53;
const OPTION_OVERLOAD = 52;
/** Fields of the header that may hold options too (RFC 2131, section 4.1): `file` comes before `sname`. */
const FILE = { from: 108, to: 236, bit: 1 } as const;
const SNAME = { from: 44, to: 108, bit: 2 } as const;

/**
 * Reads a message from the bytes of a UDP datagram, which anybody on the segment may have sent. An option whose value is not valid is
 * left out, so that a server's mistake in one does not cost the others. PHAROS-2300 for all that is no DHCP message over Ethernet.
 */
export function decodeMessage(bytes: Uint8Array): DhcpMessage {
  const [op, hardware, hardwareLength] = bytes;
  if (bytes.length < HEADER_BYTES + MAGIC.length) throw malformed(`${bytes.length} bytes are too few`);
  if (op !== 1 && op !== 2) throw malformed(`op is ${op}`);
  if (hardware !== 1 || hardwareLength !== 6) throw malformed(`hardware type ${hardware} with ${hardwareLength} bytes is not Ethernet`);
  if (MAGIC.some((byte, index) => bytes[HEADER_BYTES + index] !== byte)) throw malformed("it has no options");
  const raw = rawOptions(bytes);
  const type = MESSAGE_TYPES[(raw.get(OPTION_TYPE)?.[0] ?? 0) - 1];
  if (type === undefined) throw malformed("its type is missing or unknown");
  return {
    op: op === 1 ? "request" : "reply",
    type,
    xid: numberAt(bytes, 4, 4),
    secs: numberAt(bytes, 8, 2),
    broadcast: numberAt(bytes, 10, 2) >= 0x8000,
    ciaddr: addressAt(bytes, 12),
    yiaddr: addressAt(bytes, 16),
    siaddr: addressAt(bytes, 20),
    giaddr: addressAt(bytes, 24),
    chaddr: macAt(bytes, 28),
    options: readOptions(raw),
  };
}

function malformed(why: string): PharosError {
  return new PharosError(DHCP_MALFORMED, why);
}

/** All options by code; several of one code are one value (RFC 3396). */
function rawOptions(bytes: Uint8Array): ReadonlyMap<number, Uint8Array> {
  const found: (readonly [number, Uint8Array])[] = [];
  scan(bytes.subarray(HEADER_BYTES + MAGIC.length), found);
  const overload = found.find(([code]) => code === OPTION_OVERLOAD)?.[1][0] ?? 0;
  for (const { from, to, bit } of [FILE, SNAME]) if ((overload & bit) !== 0) scan(bytes.subarray(from, to), found);
  const joined = new Map<number, Uint8Array[]>();
  for (const [code, value] of found) {
    const before = joined.get(code);
    if (before === undefined) joined.set(code, [value]);
    else before.push(value);
  }
  return new Map([...joined].map(([code, values]) => [code, concatenated(values)]));
}

/** What follows a length that leads beyond the end is left out. */
function scan(bytes: Uint8Array, found: (readonly [number, Uint8Array])[]): void {
  for (let at = 0; at < bytes.length; ) {
    const code = bytes[at] ?? END;
    if (code === END) return;
    if (code === PAD) {
      at++;
      continue;
    }
    const length = bytes[at + 1];
    if (length === undefined || at + 2 + length > bytes.length) return;
    found.push([code, bytes.subarray(at + 2, at + 2 + length)]);
    at += 2 + length;
  }
}

function readOptions(raw: ReadonlyMap<number, Uint8Array>): DhcpOptions {
  const entries = Object.entries(OPTION_FORMATS).flatMap(([name, { code, read }]) => {
    const bytes = raw.get(code);
    const value = bytes === undefined ? undefined : read(bytes);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(entries);
}
