import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from "node:fs";

/** The bytes from `start` to `end`, or to the end of the file. Fewer where the file is shorter. */
export function readFrom(descriptor: number, start: number, end = fstatSync(descriptor).size): Buffer {
  const bytes = Buffer.allocUnsafe(Math.max(0, end - start));
  let done = 0;
  while (done < bytes.length) {
    const count = readSync(descriptor, bytes, done, bytes.length - done, start + done);
    if (count === 0) break;
    done += count;
  }
  return bytes.subarray(0, done);
}

/** Writes all bytes, where a call writes only a part of them also the rest. */
export function writeWhole(descriptor: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
}

/** Brings the names in a folder to the disk. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
