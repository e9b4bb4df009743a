import { closeSync, openSync } from "node:fs";
import { PharosError } from "@pharos/base";
import koffi from "koffi";
import { LEDGER_BUSY, LEDGER_UNWRITABLE } from "./codes.ts";

const LOCK_EX = 2;
const LOCK_NB = 4;
const PAUSE_MS = 2;

/**
 * Takes an exclusive flock(2) on `path`, waiting up to `timeoutMs`. The kernel ends the lock with its owner, however that dies,
 * so no lock is ever left behind. The file itself stays: removing it would let two processes lock two files.
 * @returns the function that ends the lock.
 */
export function lockFile(path: string, timeoutMs: number): () => void {
  const descriptor = openLock(path);
  const flock = koffi.load(null).func("int flock(int, int)");
  for (let waited = 0; flock(descriptor, LOCK_EX | LOCK_NB) !== 0; waited += PAUSE_MS) {
    if (waited >= timeoutMs) {
      closeSync(descriptor);
      throw new PharosError(LEDGER_BUSY, `${path} was locked for ${timeoutMs} ms`);
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
  }
  return () => closeSync(descriptor);
}

function openLock(path: string): number {
  try {
    return openSync(path, "a", 0o600);
  } catch (cause) {
    throw new PharosError(LEDGER_UNWRITABLE, `cannot open ${path}`, { cause });
  }
}
