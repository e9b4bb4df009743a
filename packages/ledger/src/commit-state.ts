import { fdatasyncSync, readSync, writeSync } from "node:fs";
import { PharosError } from "@pharos/base";
import { LEDGER_UNWRITABLE } from "./codes.ts";
import type { OpenFile } from "./journal.ts";
import type { LedgerLock } from "./ledger-lock.ts";

/** Four numbers of 64 bits at the start of the lock file. */
const BYTES = 32;
const APPENDED = 0;
const SYNCED = 1;

/** An append that is to reach the disk. */
export interface PendingAppend extends OpenFile {
  /** The number of this append; undefined when it could not be noted. */
  readonly ticket: bigint | undefined;
  /** Failed syncs before this append. */
  readonly failures: bigint;
}

/** Numbers an append that was just made. For the holder of the journal's lock. */
export function noteAppend({ descriptor: lock }: LedgerLock, file: OpenFile): PendingAppend {
  const { appended, synced, failures } = readState(lock);
  // Above both, whatever a crash has left in the file.
  // biome-ignore lint/complexity/useMathMinMax: Math.max takes no bigint.
  const ticket = (synced > appended ? synced : appended) + 1n;
  const isNoted = writeNumbers(lock, APPENDED, [ticket]);
  return { ...file, ticket: isNoted ? ticket : undefined, failures };
}

/**
 * Returns once an append is on disk. One fdatasync(2) serves all appends that were made before it began: who had to wait for
 * another's finds its own done (group commit). Throws LEDGER_UNWRITABLE.
 *
 * The numbers stand in the lock file, which is never synced: after a crash any old ones may be there, and the next append still has a
 * number above the one that counts as synced. After a sync that failed everybody asks the kernel itself, which tells each
 * open file of the failure once.
 */
export function commitAppend(lock: LedgerLock, pending: PendingAppend): void {
  lock.withDisk(() => {
    const state = readState(lock.descriptor);
    const { ticket, inode, failures } = pending;
    if (ticket !== undefined && state.inode === inode && state.failures === failures && state.synced >= ticket) return;
    try {
      fdatasyncSync(pending.descriptor);
    } catch (error) {
      writeNumbers(lock.descriptor, SYNCED, [0n, 0n, state.failures + 1n]);
      throw new PharosError(LEDGER_UNWRITABLE, "the ledger could not be brought to the disk", { cause: error });
    }
    writeNumbers(lock.descriptor, SYNCED, [state.appended, inode, state.failures]);
  });
}

function readState(descriptor: number) {
  const numbers = new BigUint64Array(BYTES / 8);
  readSync(descriptor, numbers, 0, BYTES, 0);
  const [appended = 0n, synced = 0n, inode = 0n, failures = 0n] = numbers;
  return { appended, synced, inode, failures };
}

/** False on a full disk: then everybody syncs for itself. */
function writeNumbers(descriptor: number, index: number, numbers: readonly bigint[]): boolean {
  try {
    writeSync(descriptor, BigUint64Array.from(numbers), 0, numbers.length * 8, index * 8);
    return true;
  } catch {
    return false;
  }
}
