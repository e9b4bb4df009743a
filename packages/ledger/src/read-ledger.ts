import type { LedgerEntry } from "./entry.ts";
import { readJournal } from "./journal.ts";
import { journalPath } from "./transaction.ts";

/** Where the plugin keeps its ledger when nobody says otherwise. */
export const LEDGER_FOLDER = "/var/lib/pharos/ledger";

/** Reads the entries without any lock, as of the last complete record. For observers: what they see may be outdated at once. */
export function readLedger(folder: string): readonly LedgerEntry[] {
  return readJournal(journalPath(folder)).entries();
}
