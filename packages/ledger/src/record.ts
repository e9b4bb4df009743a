import { crc32 } from "node:zlib";
import type { AttachmentKey, LedgerEntry } from "./entry.ts";

/** One line of the ledger. `last` keeps the turn of addresses through a compaction. */
export type LedgerRecord =
  | { readonly kind: "header"; readonly version: number }
  | { readonly kind: "put"; readonly entry: LedgerEntry }
  | { readonly kind: "remove"; readonly key: AttachmentKey }
  | { readonly kind: "last"; readonly bridge: string; readonly addresses: readonly string[] };

/** What was read from the bytes of a ledger. */
export interface DecodedLedger {
  readonly records: readonly LedgerRecord[];
  /** Bytes up to the end of the last valid record; what follows was torn by a crash and is cut. */
  readonly validBytes: number;
  /** Bytes in all. */
  readonly bytes: number;
  /** Lines before that end whose checksum is wrong: damage of the medium, not of a crash. */
  readonly damaged: number;
}

const NEWLINE = 0x0a;
const CHECKSUM_BYTES = 8;

/**
 * A record as a line: CRC-32 (ISO 3309, as in zlib) of the JSON text in eight hex digits, a space, the JSON text, a line feed.
 * Lines let a reader go on after a damaged record, which length prefixes would not.
 */
export function encodeRecord(record: LedgerRecord): Buffer {
  const json = Buffer.from(JSON.stringify(record), "utf8");
  return Buffer.concat([Buffer.from(`${checksum(json)} `), json, Buffer.from("\n")]);
}

/** Reads all records. Never throws: what cannot be read is counted, or beyond `validBytes`. */
export function decodeLedger(bytes: Buffer): DecodedLedger {
  const records: LedgerRecord[] = [];
  let validBytes = 0;
  let damaged = 0;
  let suspect = 0;
  let at = 0;
  while (at < bytes.length) {
    const end = bytes.indexOf(NEWLINE, at);
    if (end === -1) break;
    const record = decodeLine(bytes.subarray(at, end));
    at = end + 1;
    if (record === undefined) {
      suspect++;
      continue;
    }
    records.push(record);
    damaged += suspect;
    suspect = 0;
    validBytes = at;
  }
  return { records, validBytes, bytes: bytes.length, damaged };
}

function decodeLine(line: Buffer): LedgerRecord | undefined {
  if (line.length <= CHECKSUM_BYTES || line[CHECKSUM_BYTES] !== 0x20) return undefined;
  const json = line.subarray(CHECKSUM_BYTES + 1);
  if (line.toString("latin1", 0, CHECKSUM_BYTES) !== checksum(json)) return undefined;
  // The checksum vouches that we wrote this text, so its shape needs no second look.
  return JSON.parse(json.toString("utf8")) as LedgerRecord;
}

function checksum(bytes: Buffer): string {
  return crc32(bytes).toString(16).padStart(CHECKSUM_BYTES, "0");
}
