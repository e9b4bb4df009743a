export * from "./codes.ts";
export { type AttachmentKey, keyText, type LedgerEntry } from "./entry.ts";
export { LEDGER_FOLDER, type LockedLedger, readLedger, withLedger } from "./ledger.ts";
