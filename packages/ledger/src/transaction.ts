import { join } from "node:path";
import { hasCode } from "@pharos/base";
import { LEDGER_BUSY, LEDGER_UNWRITABLE } from "./codes.ts";
import { commitAppend, noteAppend } from "./commit-state.ts";
import type { LedgerContents, LedgerView } from "./contents.ts";
import type { AttachmentKey, LedgerEntry } from "./entry.ts";
import { Journal } from "./journal.ts";
import { LedgerLock } from "./ledger-lock.ts";
import { type AddressTurn, bodyOf, type LedgerRecord } from "./record.ts";

const FILE = "ledger";

/** What is to be written, in one append. */
export interface LedgerChange {
  /** Entries, each in the place of any other of its key. */
  readonly put?: readonly LedgerEntry[];
  /** Entries that go; no error where there is none. */
  readonly remove?: readonly AttachmentKey[];
  /** Where the choice of addresses goes on. */
  readonly turns?: readonly AddressTurn[];
}

/** A ledger whose files this process has opened. */
export interface OpenedLedger {
  readonly lock: LedgerLock;
  readonly journal: Journal;
}

/** Path of the journal in a ledger's folder. */
export function journalPath(folder: string): string {
  return join(folder, FILE);
}

/** Opens a ledger for the time of `work`; all locks end with it. */
export function withOpened<T>(folder: string, work: (opened: OpenedLedger) => T): T {
  const lock = new LedgerLock(folder);
  const journal = new Journal(journalPath(folder));
  try {
    return work({ lock, journal });
  } finally {
    journal.close();
    lock.close();
  }
}

/** Entries may be missing: the ledger is new, torn or damaged. */
export function isSuspect({ lock, journal }: OpenedLedger): boolean {
  return lock.withJournal(() => {
    journal.refresh();
    return journal.isSuspect;
  });
}

/** Writes the entries that a suspect ledger has lost, as the oldest. For the holder of all locks. */
export function recover(journal: Journal, witness: (() => readonly LedgerEntry[]) | undefined): void {
  const contents = journal.refresh();
  if (!journal.isSuspect || witness === undefined) return;
  const missing = witness().filter(({ key }) => contents.find(key) === undefined);
  if (missing.length > 0 || journal.hasBytes) journal.rebuild(missing.map((entry) => ({ kind: "put", entry })));
}

/**
 * Decides under the journal's lock, appends, and waits for the disk outside of it. Others may read and build on what is not on disk
 * yet: theirs stands behind it in the same file, so it never gets there without this. What fails to get there is taken back.
 */
export function transact<T>(opened: OpenedLedger, decide: (held: LedgerView) => readonly [change: LedgerChange, result: T]): T {
  const { lock, journal } = opened;
  let undo: readonly Undo[] = [];
  try {
    const { pending, result } = lock.withJournal(() => {
      const held = journal.refresh();
      const [change, decided] = decide(held);
      const records = recordsOf(change, held);
      if (records.length === 0) return { pending: undefined, result: decided };
      undo = undoOf(change, held);
      const file = journal.write(records);
      return { pending: file === undefined ? undefined : noteAppend(lock, file), result: decided };
    });
    if (pending !== undefined) commitAppend(lock, pending);
    return result;
  } catch (error) {
    takeBack(opened, undo);
    throw error;
  }
}

/** Removes entries; those that are there at the time of the call. */
export function release(opened: OpenedLedger, keys: readonly AttachmentKey[]): void {
  const { lock, journal } = opened;
  const pending = lock.withJournal(() => {
    const records = recordsOf({ remove: keys }, journal.refresh());
    const file = records.length === 0 ? undefined : journal.write(records);
    return file === undefined ? undefined : noteAppend(lock, file);
  });
  if (pending !== undefined) commitAppend(lock, pending);
}

function recordsOf({ put = [], remove = [], turns = [] }: LedgerChange, held: LedgerContents): readonly LedgerRecord[] {
  return [
    ...remove.flatMap((key) => (held.has(key) ? [{ kind: "remove", key } as const] : [])),
    ...put.flatMap((entry) => [{ kind: "put", entry } as const, ...stickyRecords(entry, held)]),
    ...turns.map((turn) => ({ kind: "turn", ...turn }) as const),
  ];
}

/** A pod that asks for it is remembered anew, as the newest; one that no longer asks is forgotten. */
function stickyRecords({ bridge, pod, addresses, sticky }: LedgerEntry, held: LedgerContents): readonly LedgerRecord[] {
  if (pod === undefined) return [];
  const name = `${pod.namespace}/${pod.name}`;
  if (sticky === true) return [{ kind: "sticky", bridge, pod: name, addresses }];
  return held.remembers(bridge, name) ? [{ kind: "forget", bridge, pod: name }] : [];
}

/** What puts an entry back to what it was, if it is now what we made it. */
interface Undo {
  readonly made: string;
  readonly key: AttachmentKey;
  readonly record: LedgerRecord;
}

function undoOf({ put = [] }: LedgerChange, held: LedgerContents): readonly Undo[] {
  return put.map((entry) => {
    const former = held.find(entry.key);
    const record: LedgerRecord = former === undefined ? { kind: "remove", key: entry.key } : { kind: "put", entry: former };
    return { key: entry.key, made: bodyOf({ kind: "put", entry }), record };
  });
}

/** A failure of this is no second error: the runtime's DEL, or garbage collection, removes what stays. */
function takeBack({ lock, journal }: OpenedLedger, undo: readonly Undo[]): void {
  if (undo.length === 0) return;
  try {
    lock.withJournal(() => {
      const held = journal.refresh();
      const records = undo.flatMap(({ key, made, record }) => (held.bodyOf(key) === made ? [record] : []));
      if (records.length > 0) journal.write(records);
    });
  } catch (error) {
    if (!hasCode(error, LEDGER_UNWRITABLE) && !hasCode(error, LEDGER_BUSY)) throw error;
  }
}
