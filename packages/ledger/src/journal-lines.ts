import { crc32 } from "node:zlib";

/** What was read from the bytes of a ledger. */
export interface DecodedLines {
  /** The valid lines, with a line feed between two. */
  readonly text: string;
  /** Bytes up to the end of the last valid record; what follows was torn by a crash and is cut. */
  readonly validBytes: number;
  /** Lines before that end whose checksum is wrong: damage of the medium, not of a crash. */
  readonly damaged: number;
  /** CRC-32 of all valid lines: the chain that the next line bears. */
  readonly chain: number;
}

const NEWLINE = 0x0a;
/** Bytes of one checksum and the space behind it. */
const CHECKSUM = 9;
const PREFIX = 2 * CHECKSUM;

/** Where the key of a `put` begins in its line. */
export const KEY_OF_PUT = PREFIX + "put ".length;

/** The record's text in a line. */
export function bodyOfLine(line: string): string {
  return line.slice(PREFIX);
}

/** The word that a line's record begins with, by its first letter: all differ in it, and looking at one letter is quick. */
export function letterOfLine(line: string): number {
  return line.charCodeAt(PREFIX);
}

/**
 * A record as a line: two CRC-32 (ISO 3309, as in zlib) in eight hex digits each, the record's text, a line feed. The second is that of
 * all lines before, so that one computation vouches for a whole file; the first is that of the rest of this line, so that a
 * reader finds what is good in a damaged one. Length prefixes would lose all that follows a damaged record.
 */
function encodeLine(body: string, chain: number): Buffer {
  const rest = Buffer.from(`${hex(chain)} ${body}`, "utf8");
  return Buffer.concat([Buffer.from(`${hex(crc32(rest))} `), rest, Buffer.of(NEWLINE)]);
}

/** Lines for several records, and the chain behind them. */
export interface EncodedLines {
  readonly bytes: Buffer;
  /** As in `DecodedLines`. */
  readonly text: string;
  readonly chain: number;
}

/** Lines for several records, behind others with the checksum `chain`. */
export function encodeLines(bodies: readonly string[], chain: number): EncodedLines {
  let after = chain;
  const lines = bodies.map((body) => {
    const line = encodeLine(body, after);
    after = crc32(line, after);
    return line;
  });
  const bytes = Buffer.concat(lines);
  return { bytes, text: bytes.toString("utf8", 0, Math.max(0, bytes.length - 1)), chain: after };
}

/**
 * Reads all records of `bytes`, before which lines with the checksum `chain` stand. Never throws: what cannot be read is counted, or
 * beyond `validBytes`.
 */
export function decodeLines(bytes: Buffer, chain = 0): DecodedLines {
  return decodeWhole(bytes, chain) ?? decodeEach(bytes, chain);
}

/** The common case: the last line's two checksums are right, and so is all before it. */
function decodeWhole(bytes: Buffer, chain: number): DecodedLines | undefined {
  const end = bytes.lastIndexOf(NEWLINE) + 1;
  if (end === 0) return undefined;
  const lastLine = end === 1 ? 0 : bytes.lastIndexOf(NEWLINE, end - 2) + 1;
  const before = crc32(bytes.subarray(0, lastLine), chain);
  const last = bytes.subarray(lastLine, end);
  if (!isValid(last) || last.toString("latin1", CHECKSUM, PREFIX) !== `${hex(before)} `) return undefined;
  return { text: bytes.toString("utf8", 0, end - 1), validBytes: end, damaged: 0, chain: crc32(last, before) };
}

/** Line by line. The chain goes on over valid lines only, so that a damaged file never passes for a whole one. */
function decodeEach(bytes: Buffer, start: number): DecodedLines {
  const lines: string[] = [];
  let chain = start;
  let validBytes = 0;
  let damaged = 0;
  let suspect = 0;
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(NEWLINE, at) + 1;
    if (end === 0) break;
    const line = bytes.subarray(at, end);
    at = end;
    if (!isValid(line)) {
      suspect++;
      continue;
    }
    lines.push(line.toString("utf8", 0, line.length - 1));
    chain = crc32(line, chain);
    damaged += suspect;
    suspect = 0;
    validBytes = at;
  }
  return { text: lines.join("\n"), validBytes, damaged, chain };
}

/** True when the line's own checksum is right. */
function isValid(line: Buffer): boolean {
  if (line.length <= PREFIX + 1 || line[CHECKSUM - 1] !== 0x20) return false;
  return line.toString("latin1", 0, CHECKSUM - 1) === hex(crc32(line.subarray(CHECKSUM, line.length - 1)));
}

function hex(checksum: number): string {
  return checksum.toString(16).padStart(CHECKSUM - 1, "0");
}
