import { type DhcpMessage, type DhcpOptions, MESSAGE_TYPES } from "./message.ts";
import { addressBytes, concatenated, macBytes, numberBytes } from "./octets.ts";
import { OPTION_FORMATS } from "./option-formats.ts";

/** Marks the bytes behind the header as options (RFC 2131, section 3). */
export const MAGIC = Uint8Array.of(99, 130, 83, 99);
export const HEADER_BYTES = 236;
const OPTION_TYPE = 53;
const END = 255;
/** BOOTP had messages of this size, and relays may drop smaller ones. */
const SMALLEST_BYTES = 300;
const BROADCAST = 0x8000;
const ETHERNET = [1, 6, 0] as const;

/** The message as bytes of a UDP datagram. RangeError for addresses that are none. */
export function encodeMessage(message: DhcpMessage): Uint8Array {
  const bytes = concatenated([
    header(message),
    MAGIC,
    Uint8Array.of(OPTION_TYPE, 1, MESSAGE_TYPES.indexOf(message.type) + 1),
    ...optionsOf(message.options),
    Uint8Array.of(END),
  ]);
  return bytes.length >= SMALLEST_BYTES ? bytes : concatenated([bytes, new Uint8Array(SMALLEST_BYTES - bytes.length)]);
}

function header(message: DhcpMessage): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  bytes.set([message.op === "request" ? 1 : 2, ...ETHERNET], 0);
  bytes.set(numberBytes(message.xid, 4), 4);
  bytes.set(numberBytes(message.secs, 2), 8);
  bytes.set(numberBytes(message.broadcast ? BROADCAST : 0, 2), 10);
  bytes.set(addressBytes(message.ciaddr), 12);
  bytes.set(addressBytes(message.yiaddr), 16);
  bytes.set(addressBytes(message.siaddr), 20);
  bytes.set(addressBytes(message.giaddr), 24);
  bytes.set(macBytes(message.chaddr), 28);
  return bytes;
}

function optionsOf(options: DhcpOptions): readonly Uint8Array[] {
  const values: Readonly<Record<string, unknown>> = { ...options };
  return Object.entries(OPTION_FORMATS).flatMap(([name, { code, write }]) => {
    if (values[name] === undefined) return [];
    // The table ties each name to the type of its value, which a loop over names cannot show.
    const bytes = (write as (value: unknown) => Uint8Array)(values[name]);
    return bytes.length === 0 ? [] : parts(code, bytes);
  });
}

/** A value of more than 255 bytes stands in several options of one code (RFC 3396). */
function parts(code: number, bytes: Uint8Array): readonly Uint8Array[] {
  const count = Math.ceil(bytes.length / 255);
  return Array.from({ length: count }, (_, index) => {
    const part = bytes.subarray(index * 255, (index + 1) * 255);
    return concatenated([Uint8Array.of(code, part.length), part]);
  });
}
