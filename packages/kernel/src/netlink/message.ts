import { NLMSG } from "./constants.ts";

const HEADER_BYTES = 16;
const ATTRIBUTE_HEADER_BYTES = 4;
const NESTED = 0x8000;

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
export type Attributes = ReadonlyMap<number, Buffer>;

/** Zeroes for so many bytes and the padding behind them. Small ones are parts of one allocation of Node's, unlike those of Buffer.alloc. */
function padded(length: number): Buffer {
  return Buffer.allocUnsafe((length + 3) & ~3).fill(0);
}

function bytesIn(parts: readonly Buffer[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}

/** Copies `parts` one behind the other into `bytes`, from `offset` on. */
function put(bytes: Buffer, offset: number, parts: readonly Buffer[]): Buffer {
  let at = offset;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A message (RFC 3549 §2.3.2) with sequence and port 0; see `stamped`. */
export function message(type: number, flags: number, body: readonly Buffer[]): Buffer {
  const length = HEADER_BYTES + bytesIn(body);
  const bytes = padded(length);
  bytes.writeUInt32LE(length, 0);
  bytes.writeUInt16LE(type, 4);
  bytes.writeUInt16LE(flags, 6);
  return put(bytes, HEADER_BYTES, body);
}

/** A copy of `encoded` with this sequence number, and `flags` added to its own. */
export function stamped(encoded: Buffer, sequence: number, flags = 0): Buffer {
  const copy = Buffer.from(encoded);
  copy.writeUInt16LE(copy.readUInt16LE(6) | flags, 6);
  copy.writeUInt32LE(sequence >>> 0, 8);
  return copy;
}

/** All messages in what one receive call returned. Throws RangeError when the bytes are no netlink messages. */
export function messagesOf(bytes: Buffer): NetlinkMessage[] {
  const messages: NetlinkMessage[] = [];
  let offset = 0;
  while (offset + HEADER_BYTES <= bytes.length) {
    const length = bytes.readUInt32LE(offset);
    if (length < HEADER_BYTES || offset + length > bytes.length) throw new RangeError(`netlink message of ${length} bytes at ${offset}`);
    messages.push({
      type: bytes.readUInt16LE(offset + 4),
      flags: bytes.readUInt16LE(offset + 6),
      sequence: bytes.readUInt32LE(offset + 8),
      port: bytes.readUInt32LE(offset + 12),
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

export function attribute(type: number, payload: Buffer): Buffer {
  return put(attributeOf(type, payload.length), ATTRIBUTE_HEADER_BYTES, [payload]);
}

/** An attribute that holds attributes. */
export function nested(type: number, attributes: readonly Buffer[]): Buffer {
  return put(attributeOf(type | NESTED, bytesIn(attributes)), ATTRIBUTE_HEADER_BYTES, attributes);
}

/** An attribute with a payload of so many zeroes. */
function attributeOf(type: number, length: number): Buffer {
  const bytes = padded(ATTRIBUTE_HEADER_BYTES + length);
  bytes.writeUInt16LE(ATTRIBUTE_HEADER_BYTES + length, 0);
  bytes.writeUInt16LE(type, 2);
  return bytes;
}

export function u8(type: number, value: number): Buffer {
  const bytes = attributeOf(type, 1);
  bytes.writeUInt8(value, ATTRIBUTE_HEADER_BYTES);
  return bytes;
}

export function u16be(type: number, value: number): Buffer {
  const bytes = attributeOf(type, 2);
  bytes.writeUInt16BE(value, ATTRIBUTE_HEADER_BYTES);
  return bytes;
}

export function u32(type: number, value: number): Buffer {
  const bytes = attributeOf(type, 4);
  bytes.writeUInt32LE(value >>> 0, ATTRIBUTE_HEADER_BYTES);
  return bytes;
}

/** A zero-terminated string. */
export function text(type: number, value: string): Buffer {
  return attribute(type, Buffer.from(`${value}\0`, "utf8"));
}

/** Parses the attributes from `offset` to the end of `bytes`; stops at the first one that does not fit. */
export function attributesOf(bytes: Buffer, offset = 0): Attributes {
  const attributes = new Map<number, Buffer>();
  let at = offset;
  while (at + 4 <= bytes.length) {
    const length = bytes.readUInt16LE(at);
    if (length < 4 || at + length > bytes.length) break;
    attributes.set(bytes.readUInt16LE(at + 2) & 0x3fff, bytes.subarray(at + 4, at + length));
    at += (length + 3) & ~3;
  }
  return attributes;
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
