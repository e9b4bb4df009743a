import type { LedgerView } from "./contents.ts";
import { type AttachmentKey, keyText, type LedgerEntry } from "./entry.ts";
import { isSuspect, type LedgerChange, type OpenedLedger, recover, release, transact, withOpened } from "./transaction.ts";

/** The ledger for one command on one container. */
export interface AttachmentLedger {
  /** What the ledger holds now. */
  read(): LedgerView;
  /**
   * Decides on what the ledger holds, and writes the change; nobody else decides meanwhile. On disk when it returns. When it
   * throws nothing counts as written. To be called before the command has changed anything: for a suspect ledger it lets go of the
   * container until all others are done.
   */
  reserve<T>(decide: (held: LedgerView) => readonly [change: LedgerChange, result: T]): T;
  /** Removes entries; no error where there is none. On disk when it returns. */
  release(keys: readonly AttachmentKey[]): void;
}

type Witness = () => readonly LedgerEntry[];

/** What a ledger is opened with. */
export interface LedgerPlace {
  readonly folder: string;
  /**
   * The attachments that the kernel's links show, asked for when the ledger is new or a part of it cannot be read: those that it does
   * not know are written into it. Without it nothing is recovered.
   */
  readonly witness?: Witness;
}

/**
 * Runs `work` while no other command of the same container is at work on this host; commands of other containers run beside it.
 * The folder is made when it is missing. Throws LEDGER_BUSY when another command of the container does not end in 20 s.
 */
export function withAttachment<T>(place: LedgerPlace & { readonly containerID: string }, work: (ledger: AttachmentLedger) => T): T {
  const { containerID } = place;
  return withOpened(place.folder, (opened) => {
    opened.lock.takeContainer(containerID);
    return work({
      read: () => opened.lock.withJournal(() => opened.journal.refresh()),
      reserve: (decide) => {
        if (place.witness !== undefined && isSuspect(opened)) recoverAlone(opened, containerID, place.witness);
        return transact(opened, decide);
      },
      release: (keys) => release(opened, keys),
    });
  });
}

/** The ledger for maintenance. */
export interface MaintainedLedger {
  read(): LedgerView;
  /**
   * Entries that stood, with no command at work on their container, when maintenance was asked for. Others are newer than any list of
   * what may stay.
   */
  reclaimable(): readonly LedgerEntry[];
  /** Writes a change. On disk when it returns; when it throws nothing counts as written. */
  write(change: LedgerChange): void;
  /** Removes entries; no error where there is none. On disk when it returns. */
  release(keys: readonly AttachmentKey[]): void;
}

/** Runs `work` while no command at all is at work on this host: waits for those that are, and lets none begin. */
export function withMaintenance<T>(place: LedgerPlace, work: (ledger: MaintainedLedger) => T): T {
  return withOpened(place.folder, (opened) => {
    const { lock, journal } = opened;
    const stoodIdle = whatStandsIdle(opened, place);
    lock.takeAll();
    recover(journal, place.witness);
    return work({
      read: () => journal.refresh(),
      reclaimable: () => journal.refresh().entries().filter(stoodIdle),
      write: (change) => transact(opened, () => [change, undefined]),
      release: (keys) => release(opened, keys),
    });
  });
}

/**
 * Two that hold a container each and want all would wait for each other, so this one lets go of its container meanwhile. Who waits
 * while another makes the ledger whole goes on: the first pods of a host come at the same time.
 */
function recoverAlone(opened: OpenedLedger, containerID: string, witness: Witness): void {
  const { lock, journal } = opened;
  lock.leaveContainer(containerID);
  if (lock.takeAll(() => isSuspect(opened))) {
    try {
      recover(journal, witness);
    } finally {
      lock.leaveAll();
    }
  }
  lock.takeContainer(containerID);
}

/** Tells the entries that are there now and whose container nobody works on, from those that come later. */
function whatStandsIdle({ lock, journal }: OpenedLedger, { witness }: LedgerPlace): (entry: LedgerEntry) => boolean {
  // With the journal in hand nobody holds all, which would make every container look busy.
  const idle = lock.withJournal(() => {
    const heads = journal.refresh().heads();
    // What the ledger has lost is known to the kernel.
    const seen = journal.isSuspect ? [...heads, ...(witness?.() ?? [])] : heads;
    return new Set(seen.filter(({ key }) => lock.isIdle(key.containerID)).map(({ key }) => keyText(key)));
  });
  return ({ key }) => idle.has(keyText(key));
}
