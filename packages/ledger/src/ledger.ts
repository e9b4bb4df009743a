import type { LedgerView } from "./contents.ts";
import type { AttachmentKey, LedgerEntry } from "./entry.ts";
import { recover, release, transact, withOpened } from "./transaction.ts";

/** A ledger beside which no other command is at work. Each change is on disk when the call returns. */
export interface LockedLedger extends Pick<LedgerView, "entries" | "find" | "lastOf"> {
  readonly isSuspect: boolean;
  rebuild(missing: readonly LedgerEntry[]): void;
  reserve(entries: LedgerEntry | readonly LedgerEntry[], replaces?: readonly AttachmentKey[]): void;
  release(keys: AttachmentKey | readonly AttachmentKey[]): void;
}

/** Runs `work` while no other command is at work on this host. */
export function withLedger<T>(folder: string, work: (ledger: LockedLedger) => T): T {
  return withOpened(folder, (opened) => {
    const { lock, journal } = opened;
    lock.takeAll();
    journal.refresh();
    return work({
      entries: () => journal.refresh().entries(),
      find: (key) => journal.refresh().find(key),
      lastOf: (bridge) => journal.refresh().lastOf(bridge),
      isSuspect: journal.isSuspect,
      rebuild: (missing) => recover(journal, () => missing),
      reserve: (entries, replaces = []) =>
        transact(opened, () => {
          const put = [entries].flat();
          const turns = put.flatMap(({ bridge, addresses }) =>
            addresses.map((address) => ({ bridge, range: address.includes(":") ? "ipv6" : "ipv4", address: address.split("/")[0] ?? "" })),
          );
          return [{ put, remove: replaces, turns }, undefined];
        }),
      release: (keys) => release(opened, [keys].flat()),
    });
  });
}
