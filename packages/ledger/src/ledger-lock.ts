import { closeSync, constants, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { PharosError } from "@pharos/base";
import { LEDGER_BUSY, LEDGER_UNWRITABLE } from "./codes.ts";
import { type ByteRange, type RangeLocks, rangeLocks } from "./range-lock.ts";

const FILE = "lock";
const JOURNAL: ByteRange = { start: 0, length: 1 };
const SYNC: ByteRange = { start: 1, length: 1 };
const GATE: ByteRange = { start: 2, length: 1 };
const ATTACHMENTS = 16;
const ALL: ByteRange = { start: 0, length: 0 };

const TIMEOUT_MS = 20_000;
/** Pauses between two attempts: the first, and the longest for what is held for a moment and for what is held through a command. */
const PAUSE_MS = { first: 0.05, moment: 1, command: 4 };

/**
 * The locks of a ledger: byte ranges of one file, each of which the kernel ends with its owner.
 *
 * - byte 0, the journal: held to read, decide and append, never while the kernel works or the disk is waited for;
 * - byte 1, the disk: held by the process whose fdatasync(2) serves all that wait for this byte;
 * - byte 2, the gate: shared for the moment of taking a container's byte. Maintenance takes it alone and then waits for
 *   those at work, so that a stream of newcomers cannot keep it waiting for ever;
 * - byte 16 + CRC-32 of the container's id: held through a whole ADD, DEL or CHECK. Two containers of one byte only wait for each other;
 * - the whole range: maintenance, beside which nothing else happens.
 *
 * Order: gate, container, then journal or disk, so no two processes wait for each other.
 */
export class LedgerLock {
  readonly descriptor: number;
  readonly #path: string;
  readonly #locks: RangeLocks;
  readonly #timeoutMs: number;
  #hasAll = false;

  /** Opens the lock file, and makes folder and file where they are missing. The file is never removed: two files would be two locks. */
  constructor(folder: string, timeoutMs = TIMEOUT_MS) {
    this.#timeoutMs = timeoutMs;
    this.#path = join(folder, FILE);
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      this.descriptor = openSync(this.#path, constants.O_RDWR | constants.O_CREAT, 0o600);
    } catch (cause) {
      throw new PharosError(LEDGER_UNWRITABLE, `cannot open ${this.#path}`, { cause });
    }
    this.#locks = rangeLocks();
  }

  /** Waits until no other command of this container is at work. */
  takeContainer(containerID: string): void {
    const { descriptor } = this;
    this.#attempt(() => {
      // The gate is not held while we wait for the container, so that maintenance gets it.
      if (!this.#locks.set(descriptor, "shared", GATE)) return false;
      const isOurs = this.#locks.set(descriptor, "exclusive", rangeOf(containerID));
      this.#locks.set(descriptor, "none", GATE);
      return isOurs;
    }, PAUSE_MS.command);
  }

  leaveContainer(containerID: string): void {
    this.#locks.set(this.descriptor, "none", rangeOf(containerID));
  }

  /** True when no command of this container is at work in another process. */
  isIdle(containerID: string): boolean {
    return this.#locks.isFree(this.descriptor, rangeOf(containerID));
  }

  /**
   * Waits until nobody is at work, and lets nobody begin. For a process that holds no container. False, with nothing locked, as soon as
   * it is no longer wanted.
   */
  takeAll(isWanted: () => boolean = () => true): boolean {
    this.#take(GATE, PAUSE_MS.command);
    try {
      this.#attempt(() => {
        if (!isWanted()) return true;
        this.#hasAll = this.#locks.set(this.descriptor, "exclusive", ALL);
        return this.#hasAll;
      }, PAUSE_MS.command);
    } finally {
      if (!this.#hasAll) this.#locks.set(this.descriptor, "none", GATE);
    }
    return this.#hasAll;
  }

  leaveAll(): void {
    this.#hasAll = false;
    this.#locks.set(this.descriptor, "none", ALL);
  }

  withJournal<T>(work: () => T): T {
    return this.#within(JOURNAL, work);
  }

  withDisk<T>(work: () => T): T {
    return this.#within(SYNC, work);
  }

  /** Ends all locks. */
  close(): void {
    closeSync(this.descriptor);
  }

  #within<T>(range: ByteRange, work: () => T): T {
    // Ending the lock of one byte would make a hole in that of all.
    if (this.#hasAll) return work();
    this.#take(range);
    try {
      return work();
    } finally {
      this.#locks.set(this.descriptor, "none", range);
    }
  }

  #take(range: ByteRange, longestPause = PAUSE_MS.moment): void {
    this.#attempt(() => this.#locks.set(this.descriptor, "exclusive", range), longestPause);
  }

  /** Attempts with growing pauses: the blocking call has no limit of time. */
  #attempt(isTaken: () => boolean, longestPause: number): void {
    if (isTaken()) return;
    const cell = new Int32Array(new SharedArrayBuffer(4));
    const end = uptimeMs() + this.#timeoutMs;
    for (let pause = PAUSE_MS.first; uptimeMs() < end; pause = Math.min(pause * 1.5, longestPause)) {
      Atomics.wait(cell, 0, 0, pause);
      if (isTaken()) return;
    }
    throw new PharosError(LEDGER_BUSY, `${this.#path} was locked for ${this.#timeoutMs} ms`);
  }
}

function uptimeMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

function rangeOf(containerID: string): ByteRange {
  return { start: ATTACHMENTS + crc32(Buffer.from(containerID)), length: 1 };
}
