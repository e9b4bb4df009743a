import { NLMSG } from "./constants.ts";

const HEADER_BYTES = 16;
const ATTRIBUTE_HEADER_BYTES = 4;
const NESTED = 0x8000;
/** Without the flags for nested attributes and for network order. */
const TYPE_MASK = 0x3fff;

/** One netlink message as it came from the kernel. */
export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  /** Port id of the socket that it answers; 0 for a notification. */
  readonly port: number;
  readonly body: Buffer;
}

/** Attributes by number. Where the kernel repeats one, the last is kept. */
export type Attributes = Pick<ReadonlyMap<number, Buffer>, "get" | "has">;

/** Zeroes for so many bytes and the padding behind them. No Buffer: V8 makes small arrays of bytes in its own heap. */
function padded(length: number): Uint8Array {
  return new Uint8Array((length + 3) & ~3);
}

function bytesIn(parts: readonly Uint8Array[]): number {
  let sum = 0;
  for (const { length } of parts) sum += length;
  return sum;
}

/** Copies `parts` one behind the other into `bytes`, from `offset` on. */
function put<B extends Uint8Array>(bytes: B, offset: number, parts: readonly Uint8Array[]): B {
  let at = offset;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
}

function put32(bytes: Uint8Array, at: number, value: number): void {
  put16(bytes, at, value);
  put16(bytes, at + 2, value >>> 16);
}

function get16(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
}

function get32(bytes: Uint8Array, at: number): number {
  return (get16(bytes, at) | (get16(bytes, at + 2) << 16)) >>> 0;
}

/** A message (RFC 3549 §2.3.2) with sequence and port 0; see `batchOf`. */
export function message(type: number, flags: number, body: readonly Uint8Array[]): Uint8Array {
  const length = HEADER_BYTES + bytesIn(body);
  const bytes = padded(length);
  put32(bytes, 0, length);
  put16(bytes, 4, type);
  put16(bytes, 6, flags);
  return put(bytes, HEADER_BYTES, body);
}

/** A message of a batch: its flags are added to those that it was encoded with. */
export interface BatchPart {
  readonly bytes: Uint8Array;
  readonly flags?: number;
}

/** The messages one behind the other, numbered from `sequence` on. */
export function batchOf(parts: readonly BatchPart[], sequence: number): Buffer {
  const all = parts.map(({ bytes }) => bytes);
  const batch = put(Buffer.alloc(bytesIn(all)), 0, all);
  let at = 0;
  parts.forEach(({ bytes, flags = 0 }, index) => {
    put16(batch, at + 6, get16(batch, at + 6) | flags);
    put32(batch, at + 8, sequence + index);
    at += bytes.length;
  });
  return batch;
}

/** All messages in what one receive call returned. Throws RangeError when the bytes are no netlink messages. */
export function messagesOf(bytes: Buffer): NetlinkMessage[] {
  const messages: NetlinkMessage[] = [];
  let offset = 0;
  while (offset + HEADER_BYTES <= bytes.length) {
    const length = get32(bytes, offset);
    if (length < HEADER_BYTES || offset + length > bytes.length) throw new RangeError(`netlink message of ${length} bytes at ${offset}`);
    messages.push({
      type: get16(bytes, offset + 4),
      flags: get16(bytes, offset + 6),
      sequence: get32(bytes, offset + 8),
      port: get32(bytes, offset + 12),
      body: bytes.subarray(offset + HEADER_BYTES, offset + length),
    });
    offset += (length + 3) & ~3;
  }
  return messages;
}

/** The errno (positive; 0 is success) of an acknowledgement, or of a dump's end; undefined for any other message. */
export function errnoOf(reply: NetlinkMessage): number | undefined {
  if (reply.type === NLMSG.ERROR) return Math.abs(reply.body.readInt32LE(0));
  if (reply.type === NLMSG.DONE) return reply.body.length >= 4 ? Math.abs(reply.body.readInt32LE(0)) : 0;
  return undefined;
}

export function attribute(type: number, payload: Uint8Array): Uint8Array {
  return put(attributeOf(type, payload.length), ATTRIBUTE_HEADER_BYTES, [payload]);
}

/** An attribute that holds attributes. */
export function nested(type: number, attributes: readonly Uint8Array[]): Uint8Array {
  return put(attributeOf(type | NESTED, bytesIn(attributes)), ATTRIBUTE_HEADER_BYTES, attributes);
}

/** An attribute with a payload of so many zeroes. */
function attributeOf(type: number, length: number): Uint8Array {
  const bytes = padded(ATTRIBUTE_HEADER_BYTES + length);
  put16(bytes, 0, ATTRIBUTE_HEADER_BYTES + length);
  put16(bytes, 2, type);
  return bytes;
}

export function u8(type: number, value: number): Uint8Array {
  const bytes = attributeOf(type, 1);
  bytes[ATTRIBUTE_HEADER_BYTES] = value;
  return bytes;
}

export function u16be(type: number, value: number): Uint8Array {
  const bytes = attributeOf(type, 2);
  bytes[ATTRIBUTE_HEADER_BYTES] = value >>> 8;
  bytes[ATTRIBUTE_HEADER_BYTES + 1] = value;
  return bytes;
}

export function u32(type: number, value: number): Uint8Array {
  const bytes = attributeOf(type, 4);
  put32(bytes, ATTRIBUTE_HEADER_BYTES, value);
  return bytes;
}

/** A zero-terminated string. */
export function text(type: number, value: string): Uint8Array {
  return attribute(type, Buffer.from(`${value}\0`, "utf8"));
}

/** Attributes that are cut out when they are asked for: of the sixty of a link a handful is. */
class FoundAttributes implements Attributes {
  readonly #bytes: Buffer;
  /** Where the payload of each begins. */
  readonly #starts = new Map<number, number>();

  constructor(bytes: Buffer, offset: number) {
    this.#bytes = bytes;
    for (let at = offset; at + ATTRIBUTE_HEADER_BYTES <= bytes.length; ) {
      const length = get16(bytes, at);
      if (length < ATTRIBUTE_HEADER_BYTES || at + length > bytes.length) break;
      this.#starts.set(get16(bytes, at + 2) & TYPE_MASK, at + ATTRIBUTE_HEADER_BYTES);
      at += (length + 3) & ~3;
    }
  }

  has(type: number): boolean {
    return this.#starts.has(type);
  }

  get(type: number): Buffer | undefined {
    const start = this.#starts.get(type);
    if (start === undefined) return undefined;
    return this.#bytes.subarray(start, start - ATTRIBUTE_HEADER_BYTES + get16(this.#bytes, start - ATTRIBUTE_HEADER_BYTES));
  }
}

/** Parses the attributes from `offset` to the end of `bytes`; stops at the first one that does not fit. */
export function attributesOf(bytes: Buffer, offset = 0): Attributes {
  return new FoundAttributes(bytes, offset);
}

export function u8Of(attributes: Attributes, type: number): number | undefined {
  return attributes.get(type)?.readUInt8(0);
}

export function u32Of(attributes: Attributes, type: number): number | undefined {
  return attributes.get(type)?.readUInt32LE(0);
}

export function textOf(attributes: Attributes, type: number): string | undefined {
  const payload = attributes.get(type);
  if (payload === undefined) return undefined;
  const end = payload.indexOf(0);
  return payload.toString("utf8", 0, end === -1 ? payload.length : end);
}

/** The attributes nested in attribute `type`; empty when it is absent. */
export function nestedOf(attributes: Attributes, type: number): Attributes {
  const payload = attributes.get(type);
  return payload === undefined ? new Map() : attributesOf(payload);
}
