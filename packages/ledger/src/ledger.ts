import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { PharosError } from "@pharos/base";
import { LEDGER_NEWER, LEDGER_UNWRITABLE } from "./codes.ts";
import { condensed, LEDGER_VERSION, type LedgerContents, replay } from "./contents.ts";
import { type AttachmentKey, keyText, type LedgerEntry } from "./entry.ts";
import { lockFile } from "./file-lock.ts";
import { appendToJournal, readJournal, replaceJournal } from "./journal.ts";
import type { LedgerRecord } from "./record.ts";

/** Where the plugin keeps its ledger when nobody says otherwise. */
export const LEDGER_FOLDER = "/var/lib/pharos/ledger";
const FILE = "ledger";
const LOCK = "lock";
const LOCK_TIMEOUT_MS = 20_000;
/** Records that a ledger may hold before compaction is thought of. */
const COMPACT_ABOVE = 256;

/** A ledger under its lock. Each change is on disk when the call returns. */
export interface LockedLedger {
  /** All entries, oldest first, also those of an earlier boot. */
  entries(): readonly LedgerEntry[];
  find(key: AttachmentKey): LedgerEntry | undefined;
  /** The addresses that were reserved last on `bridge`. */
  lastOf(bridge: string): readonly string[];
  /** Entries may be missing: the ledger is new, or a part of it could not be read. The kernel's links tell what is missing. */
  readonly isSuspect: boolean;
  /** Writes the ledger anew with `missing` entries added; entries that are there win. It is no longer suspect then. */
  rebuild(missing: readonly LedgerEntry[]): void;
  /** Writes entries, each in the place of any other of its key; entries of `replaces` go in the same write. */
  reserve(entries: LedgerEntry | readonly LedgerEntry[], replaces?: readonly AttachmentKey[]): void;
  /** Removes entries in one write; no error where there is none. */
  release(keys: AttachmentKey | readonly AttachmentKey[]): void;
}

/** Reads the entries without the lock, as of the last complete record. For observers: what they see may be outdated at once. */
export function readLedger(folder: string): readonly LedgerEntry[] {
  return [...contentsOf(folder).contents.entries.values()];
}

/**
 * Runs `work` under the ledger's lock, which only one process on the host holds at a time.
 * The folder is made when it is missing.
 */
export function withLedger<T>(folder: string, work: (ledger: LockedLedger) => T): T {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new PharosError(LEDGER_UNWRITABLE, `cannot make ${folder}`, { cause });
  }
  const unlock = lockFile(join(folder, LOCK), LOCK_TIMEOUT_MS);
  try {
    const opened = contentsOf(folder);
    return work(locked(join(folder, FILE), opened));
  } finally {
    unlock();
  }
}

interface Opened {
  readonly contents: LedgerContents;
  readonly validBytes: number;
  readonly isSuspect: boolean;
  readonly count: number;
}

function contentsOf(folder: string): Opened {
  const { records, validBytes, bytes, damaged } = readJournal(join(folder, FILE));
  const contents = replay(records);
  if (contents.version > LEDGER_VERSION)
    throw new PharosError(LEDGER_NEWER, `${join(folder, FILE)} has version ${contents.version}, this program knows ${LEDGER_VERSION}`);
  return { contents, validBytes, isSuspect: validBytes === 0 || damaged > 0 || validBytes < bytes, count: records.length };
}

function locked(path: string, opened: Opened): LockedLedger {
  let { contents, validBytes, count } = opened;
  const write = (records: readonly LedgerRecord[]) => {
    const all: readonly LedgerRecord[] = validBytes === 0 ? [{ kind: "header", version: LEDGER_VERSION }, ...records] : records;
    validBytes = appendToJournal(path, validBytes, all);
    contents = replay([...condensed(contents), ...records]);
    count += all.length;
    const short = condensed(contents);
    if (count <= COMPACT_ABOVE || count < 2 * short.length) return;
    try {
      validBytes = replaceJournal(path, short);
      count = short.length;
    } catch {
      // The records are safe in the long file; a later call makes it short.
    }
  };
  return {
    entries: () => [...contents.entries.values()],
    find: (key) => contents.entries.get(keyText(key)),
    lastOf: (bridge) => contents.last.get(bridge) ?? [],
    isSuspect: opened.isSuspect,
    rebuild: (missing) => {
      const added = missing.filter((entry) => !contents.entries.has(keyText(entry.key)));
      const before = condensed(contents);
      contents = replay([...added.map((entry) => ({ kind: "put", entry }) as const), ...before]);
      const short = condensed(contents);
      validBytes = replaceJournal(path, short);
      count = short.length;
    },
    reserve: (entries, replaces = []) =>
      write([
        ...replaces.map((key) => ({ kind: "remove", key }) as const),
        ...[entries].flat().map((entry) => ({ kind: "put", entry }) as const),
      ]),
    release: (keys) => {
      const present = [keys].flat().filter((key) => contents.entries.has(keyText(key)));
      if (present.length > 0) write(present.map((key) => ({ kind: "remove", key }) as const));
    },
  };
}
