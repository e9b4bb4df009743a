import { closeSync, constants, fsyncSync, ftruncateSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { isSystemError, PharosError } from "@pharos/base";
import { LEDGER_NEWER, LEDGER_UNREADABLE, LEDGER_UNWRITABLE } from "./codes.ts";
import { LEDGER_VERSION, LedgerContents } from "./contents.ts";
import { readFrom, syncFolder, writeWhole } from "./file-io.ts";
import { decodeLines, type EncodedLines, encodeLines } from "./journal-lines.ts";
import { bodyOf, type LedgerRecord } from "./record.ts";

/** Records that a ledger may hold before compaction is thought of. */
const COMPACT_ABOVE = 256;
const APPENDING = constants.O_RDWR | constants.O_APPEND;

/** An open ledger file. */
export interface OpenFile {
  readonly descriptor: number;
  /** Tells the file from the one that a compaction puts in its place. */
  readonly inode: bigint;
}

/** The file of a ledger, as this process last read it. All but `close` is for the holder of the journal's lock. */
export class Journal {
  readonly #path: string;
  #file: OpenFile | undefined;
  #contents = new LedgerContents();
  #validBytes = 0;
  #bytes = 0;
  #damaged = 0;
  #chain = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** Entries may be missing: the ledger is new, or a part of it could not be read. */
  get isSuspect(): boolean {
    return this.#validBytes === 0 || this.#damaged > 0 || this.#validBytes < this.#bytes;
  }

  /** There is a file with something in it. */
  get hasBytes(): boolean {
    return this.#bytes > 0;
  }

  /** Reads what came since the last time: as a rule nothing or a few lines, and all when the file is another one. */
  refresh(): LedgerContents {
    try {
      const found = statSync(this.#path, { bigint: true, throwIfNoEntry: false });
      if (found === undefined) this.close();
      else this.#readTo(Number(found.size), found.ino);
    } catch (cause) {
      this.close();
      throw cause instanceof PharosError ? cause : new PharosError(LEDGER_UNREADABLE, `cannot read ${this.#path}`, { cause });
    }
    return this.#contents;
  }

  #readTo(size: number, inode: bigint): void {
    if (this.#file?.inode !== inode || size < this.#validBytes) {
      this.close();
      this.#file = { descriptor: openSync(this.#path, APPENDING), inode };
    }
    this.#bytes = size;
    if (size === this.#validBytes) return;
    const decoded = decodeLines(readFrom(this.#file.descriptor, this.#validBytes, size), this.#chain);
    this.#contents.play(decoded.text);
    this.#validBytes += decoded.validBytes;
    this.#damaged += decoded.damaged;
    this.#chain = decoded.chain;
    requireKnownVersion(this.#contents, this.#path);
  }

  /**
   * Appends records, or puts a shorter file in the place of the old one when most records are dead. When it fails the file holds
   * what it held before, but for a folder that cannot be synced: then the records may be in it.
   * @returns the file that the records wait in for a sync; undefined when they are on disk.
   */
  write(records: readonly LedgerRecord[]): OpenFile | undefined {
    return this.#writing(() => {
      const file = this.#file ?? this.#create();
      const first: LedgerRecord[] = this.#validBytes === 0 ? [{ kind: "header", version: LEDGER_VERSION }] : [];
      const named: LedgerRecord[] = this.#contents.isNamed ? [] : [{ kind: "named" }];
      if (named.length > 0) syncFolder(dirname(this.#path));
      const lines = encodeLines([...first, ...named, ...records].map(bodyOf), this.#chain);
      this.#contents.play(lines.text);
      const { count, needed } = this.#contents;
      if (count > COMPACT_ABOVE && count >= 2 * needed && this.#isReplaced()) return undefined;
      this.#append(file, lines);
      return file;
    });
  }

  /** Writes the whole ledger anew, with the entries of `missing` records as the oldest. It is no longer suspect then. */
  rebuild(missing: readonly LedgerRecord[]): void {
    this.#writing(() => {
      const [header = "", ...rest] = this.#contents.condensed();
      const lines = encodeLines([header, ...missing.map(bodyOf), ...rest], 0);
      this.#draft(lines);
      this.#install(lines);
    });
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file.descriptor);
    this.#file = undefined;
    this.#contents = new LedgerContents();
    this.#validBytes = 0;
    this.#bytes = 0;
    this.#damaged = 0;
    this.#chain = 0;
  }

  #create(): OpenFile {
    const descriptor = openSync(this.#path, APPENDING | constants.O_CREAT, 0o600);
    this.#file = { descriptor, inode: statSync(this.#path, { bigint: true }).ino };
    return this.#file;
  }

  #append({ descriptor }: OpenFile, { bytes, chain }: EncodedLines): void {
    if (this.#bytes > this.#validBytes) ftruncateSync(descriptor, this.#validBytes);
    try {
      writeWhole(descriptor, bytes);
    } catch (cause) {
      ftruncateSync(descriptor, this.#validBytes);
      throw cause;
    }
    this.#validBytes += bytes.length;
    this.#bytes = this.#validBytes;
    this.#chain = chain;
  }

  /** False when there is no room for a second file: the records go behind the others then, and a later call makes the file short. */
  #isReplaced(): boolean {
    const lines = encodeLines(this.#contents.condensed(), 0);
    try {
      this.#draft(lines);
    } catch {
      return false;
    }
    this.#install(lines);
    return true;
  }

  get #draftPath(): string {
    return `${this.#path}.tmp`;
  }

  #draft({ bytes }: EncodedLines): void {
    try {
      const descriptor = openSync(this.#draftPath, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, 0o600);
      try {
        writeWhole(descriptor, bytes);
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
    } catch (cause) {
      rmSync(this.#draftPath, { force: true });
      throw cause;
    }
  }

  /**
   * Puts the draft in the place of the file, in one step. Nobody appends to the new file before its name is on disk: a process
   * that is killed in between leaves a file without `named`, and the next writer syncs the folder first.
   */
  #install({ bytes, text, chain }: EncodedLines): void {
    renameSync(this.#draftPath, this.#path);
    this.close();
    syncFolder(dirname(this.#path));
    const file = this.#create();
    this.#contents.play(text);
    this.#validBytes = bytes.length;
    this.#bytes = bytes.length;
    this.#chain = chain;
    const named = encodeLines([bodyOf({ kind: "named" })], chain);
    this.#append(file, named);
    this.#contents.play(named.text);
  }

  /** What this process believes of the file is void after a failure. */
  #writing<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      this.close();
      throw new PharosError(LEDGER_UNWRITABLE, `cannot write ${this.#path}`, { cause });
    }
  }
}

/** Reads a ledger without its lock, as of the last complete record. A file that is not there has no records. */
export function readJournal(path: string): LedgerContents {
  const contents = new LedgerContents();
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY);
  } catch (cause) {
    if (isSystemError(cause, "ENOENT")) return contents;
    throw new PharosError(LEDGER_UNREADABLE, `cannot read ${path}`, { cause });
  }
  try {
    contents.play(decodeLines(readFrom(descriptor, 0)).text);
  } catch (cause) {
    throw new PharosError(LEDGER_UNREADABLE, `cannot read ${path}`, { cause });
  } finally {
    closeSync(descriptor);
  }
  requireKnownVersion(contents, path);
  return contents;
}

function requireKnownVersion({ version }: LedgerContents, path: string): void {
  if (version > LEDGER_VERSION) throw new PharosError(LEDGER_NEWER, `${path} has version ${version}, this program knows ${LEDGER_VERSION}`);
}
