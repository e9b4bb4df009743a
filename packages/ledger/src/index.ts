export { type AttachmentLedger, type LedgerPlace, type MaintainedLedger, withAttachment, withMaintenance } from "./attachment-ledger.ts";
export * from "./codes.ts";
export type { LedgerView } from "./contents.ts";
export { type AttachmentKey, type EntryLease, isOfFamily, keyText, type LedgerEntry } from "./entry.ts";
export { LEDGER_FOLDER, readLedger } from "./read-ledger.ts";
export type { AddressTurn } from "./record.ts";
export type { LedgerChange } from "./transaction.ts";
