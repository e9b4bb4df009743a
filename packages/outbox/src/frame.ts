import { crc32 } from "node:zlib";

/** Bytes before the payload: u32 payload length, u32 CRC-32 of all that follows it, u64 sequence number; little endian. */
export const HEADER_BYTES = 16;

/** One record as it lies in a segment. */
export interface Frame {
  /** Counts up by one from record to record, over all segments. */
  readonly sequence: number;
  readonly payload: Uint8Array;
}

/** A segment file as far as it can be trusted. */
export interface Scan {
  readonly frames: readonly (Frame & { readonly offset: number })[];
  /** Bytes of whole, undamaged records; what follows them is cut off. */
  readonly validBytes: number;
}

/** The bytes of one record. */
export function encodeFrame(frame: Frame): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + frame.payload.length);
  bytes.writeUInt32LE(frame.payload.length, 0);
  bytes.writeBigUInt64LE(BigInt(frame.sequence), 8);
  bytes.set(frame.payload, HEADER_BYTES);
  bytes.writeUInt32LE(crc32(bytes.subarray(8)), 4);
  return bytes;
}

/** The record at `offset`; undefined when it is cut short or damaged. */
export function decodeFrame(bytes: Buffer, offset: number): Frame | undefined {
  if (bytes.length < offset + HEADER_BYTES) return undefined;
  const end = offset + HEADER_BYTES + bytes.readUInt32LE(offset);
  if (bytes.length < end || crc32(bytes.subarray(offset + 8, end)) !== bytes.readUInt32LE(offset + 4)) return undefined;
  return { sequence: Number(bytes.readBigUInt64LE(offset + 8)), payload: bytes.subarray(offset + HEADER_BYTES, end) };
}

/** All records up to the first bad one. A power cut tears only the end; damage in the middle must not feed rubbish either. */
export function scanSegment(bytes: Buffer): Scan {
  const frames: (Frame & { offset: number })[] = [];
  let offset = 0;
  for (let frame = decodeFrame(bytes, offset); frame !== undefined; frame = decodeFrame(bytes, offset)) {
    frames.push({ ...frame, offset });
    offset += HEADER_BYTES + frame.payload.length;
  }
  return { frames, validBytes: offset };
}
