import { PharosError } from "@pharos/base";
import koffi from "koffi";
import { LEDGER_BUSY } from "./codes.ts";

/** fcntl.h and asm-generic/fcntl.h, the same on x86-64 and arm64. */
const F_OFD_GETLK = 36;
const F_OFD_SETLK = 37;
const TYPES = { shared: 0, exclusive: 1, none: 2 } as const;
/** struct flock with 64-bit off_t: l_type and l_whence (2 bytes each), l_start at 8, l_len at 16, l_pid at 24; 32 bytes on both. */
const FLOCK_BYTES = 32;
const HALF = 2 ** 32;

export type LockType = keyof typeof TYPES;

/** Bytes of a lock file; `length` 0 means all that follow. They need not exist. */
export interface ByteRange {
  readonly start: number;
  readonly length: number;
}

/** fcntl(2) locks of an open file description, which the kernel ends when its last descriptor is closed, however its owner dies. */
export interface RangeLocks {
  /** Sets a lock, or ends one with `none`; false when another open file description has one that excludes it. Never waits. */
  set(descriptor: number, type: LockType, range: ByteRange): boolean;
  /** True when an exclusive lock would be granted. */
  isFree(descriptor: number, range: ByteRange): boolean;
}

/** The calls, bound at the first use. */
export const rangeLocks = once(bind);

/**
 * fcntl is variadic in C; on both architectures a variadic integer or pointer is passed as any other, so that
 * the fixed declaration, which koffi calls faster, is right.
 */
function bind(): RangeLocks {
  const fcntl: (descriptor: number, command: number, flock: Buffer) => number = koffi.load(null).func("int fcntl(int, int, void *)");
  const { EAGAIN, EACCES } = koffi.os.errno;
  return {
    set(descriptor, type, range) {
      if (fcntl(descriptor, F_OFD_SETLK, flockOf(type, range)) === 0) return true;
      const errno = koffi.errno();
      if (errno === EAGAIN || errno === EACCES) return false;
      throw new PharosError(LEDGER_BUSY, "the kernel gives no lock", { cause: new Error(`fcntl(F_OFD_SETLK): errno ${errno}`) });
    },
    isFree(descriptor, range) {
      const flock = flockOf("exclusive", range);
      if (fcntl(descriptor, F_OFD_GETLK, flock) !== 0) throw new Error(`fcntl(F_OFD_GETLK) failed with errno ${koffi.errno()}`);
      return flock.readInt16LE(0) === TYPES.none;
    },
  };
}

function flockOf(type: LockType, { start, length }: ByteRange): Buffer {
  const bytes = Buffer.alloc(FLOCK_BYTES);
  bytes.writeInt16LE(TYPES[type], 0);
  bytes.writeUInt32LE(start % HALF, 8);
  bytes.writeUInt32LE(Math.floor(start / HALF), 12);
  bytes.writeUInt32LE(length, 16);
  return bytes;
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
