import { keyText, type LedgerEntry } from "./entry.ts";
import type { LedgerRecord } from "./record.ts";

/** The version of the record format that this code writes. */
export const LEDGER_VERSION = 1;

/** The state that a ledger's records add up to. */
export interface LedgerContents {
  readonly version: number;
  /** By `keyText`, in the order of reservation. */
  readonly entries: ReadonlyMap<string, LedgerEntry>;
  /** Per bridge the addresses that were reserved last, which the next choice goes on from. */
  readonly last: ReadonlyMap<string, readonly string[]>;
}

/** Plays the records in order. A later record of the same key or bridge takes the place of the earlier one. */
export function replay(records: readonly LedgerRecord[]): LedgerContents {
  let version = LEDGER_VERSION;
  const entries = new Map<string, LedgerEntry>();
  const last = new Map<string, readonly string[]>();
  for (const record of records) {
    switch (record.kind) {
      case "header":
        version = record.version;
        break;
      case "put":
        entries.delete(keyText(record.entry.key));
        entries.set(keyText(record.entry.key), record.entry);
        last.set(record.entry.bridge, record.entry.addresses);
        break;
      case "remove":
        entries.delete(keyText(record.key));
        break;
      case "last":
        last.set(record.bridge, record.addresses);
        break;
    }
  }
  return { version, entries, last };
}

/** The shortest records that add up to the same state. */
export function condensed({ entries, last }: LedgerContents): LedgerRecord[] {
  return [
    { kind: "header", version: LEDGER_VERSION },
    ...[...entries.values()].map((entry) => ({ kind: "put", entry }) as const),
    ...[...last].map(([bridge, addresses]) => ({ kind: "last", bridge, addresses }) as const),
  ];
}
