import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { isSystemError, PharosError } from "@pharos/base";
import { LEDGER_UNREADABLE, LEDGER_UNWRITABLE } from "./codes.ts";
import { type DecodedLedger, decodeLedger, encodeRecord, type LedgerRecord } from "./record.ts";

/** Reads a ledger file; a file that is not there has no records. */
export function readJournal(path: string): DecodedLedger {
  try {
    return decodeLedger(readFileSync(path));
  } catch (cause) {
    if (isSystemError(cause, "ENOENT")) return { records: [], validBytes: 0, bytes: 0, damaged: 0 };
    throw new PharosError(LEDGER_UNREADABLE, `cannot read ${path}`, { cause });
  }
}

/**
 * Appends records after byte `validBytes` and returns once they are on disk. What a crash left beyond is cut first.
 * When the write fails the file is put back to its former length, so a failed record never counts.
 * @returns the file's new length in bytes.
 */
export function appendToJournal(path: string, validBytes: number, records: readonly LedgerRecord[]): number {
  const bytes = Buffer.concat(records.map(encodeRecord));
  return writing(path, () => {
    const descriptor = openSync(path, "a", 0o600);
    try {
      if (fstatSync(descriptor).size > validBytes) ftruncateSync(descriptor, validBytes);
      try {
        writeWhole(descriptor, bytes);
        fdatasyncSync(descriptor);
      } catch (cause) {
        ftruncateSync(descriptor, validBytes);
        throw cause;
      }
      if (validBytes === 0) syncFolder(dirname(path));
      return validBytes + bytes.length;
    } finally {
      closeSync(descriptor);
    }
  });
}

/** Puts a file with these records in the place of the old one, in one step. @returns its length in bytes. */
export function replaceJournal(path: string, records: readonly LedgerRecord[]): number {
  const bytes = Buffer.concat(records.map(encodeRecord));
  const draft = `${path}.tmp`;
  return writing(path, () => {
    try {
      const descriptor = openSync(draft, "w", 0o600);
      try {
        writeWhole(descriptor, bytes);
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
      renameSync(draft, path);
    } catch (cause) {
      rmSync(draft, { force: true });
      throw cause;
    }
    syncFolder(dirname(path));
    return bytes.length;
  });
}

function writeWhole(descriptor: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function writing(path: string, work: () => number): number {
  try {
    return work();
  } catch (cause) {
    throw new PharosError(LEDGER_UNWRITABLE, `cannot write ${path}`, { cause });
  }
}
