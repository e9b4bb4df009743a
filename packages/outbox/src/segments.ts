import { type FileHandle, mkdir, open, readdir, readFile, rename, truncate, unlink } from "node:fs/promises";
import { join } from "node:path";
import { decodeFrame, HEADER_BYTES, scanSegment } from "./frame.ts";

const SEGMENT = /^(\d{16})\.seg$/;
const CURSOR = "cursor.json";

/** A segment file and the records in it that nobody has received yet. */
export interface Segment {
  readonly path: string;
  readonly bytes: number;
  /** Sequence of the last record; the file name tells the first. */
  readonly last: number;
}

/** Where an undelivered record lies. */
export interface Pending {
  readonly sequence: number;
  readonly path: string;
  readonly offset: number;
  readonly payloadBytes: number;
}

/** What has left the outbox; written after each delivery. Losing it repeats deliveries, never loses one. */
export interface Cursor {
  /** Sequence of the last record that was delivered or dropped. */
  readonly done: number;
  /** Records dropped undelivered because the outbox was full. */
  readonly dropped: number;
}

export interface Recovered {
  readonly segments: Segment[];
  readonly pending: Pending[];
  readonly cursor: Cursor;
  /** Bytes cut off because a record was torn or damaged. */
  readonly cutBytes: number;
}

export const segmentPath = (dir: string, first: number): string => join(dir, `${String(first).padStart(16, "0")}.seg`);

async function readCursor(dir: string): Promise<Cursor> {
  try {
    const value: unknown = JSON.parse(await readFile(join(dir, CURSOR), "utf8"));
    if (typeof value === "object" && value !== null && "done" in value && "dropped" in value) {
      const { done, dropped } = value;
      if (Number.isSafeInteger(done) && Number.isSafeInteger(dropped)) return { done: Number(done), dropped: Number(dropped) };
    }
  } catch {
    // No cursor yet, or one that a power cut tore: deliver again from the oldest record.
  }
  return { done: 0, dropped: 0 };
}

/** Replaces the cursor by rename; not synced, because an older cursor only repeats deliveries. */
export async function writeCursor(dir: string, cursor: Cursor): Promise<void> {
  const handle = await open(join(dir, `${CURSOR}.new`), "w", 0o600);
  await handle.writeFile(JSON.stringify(cursor)).finally(() => handle.close());
  await rename(join(dir, `${CURSOR}.new`), join(dir, CURSOR));
}

async function syncFolder(dir: string): Promise<void> {
  const handle = await open(dir, "r");
  await handle.sync().finally(() => handle.close());
}

/** Opens the file of a new segment for appending; its name is on disk when this resolves. */
export async function createSegment(dir: string, first: number): Promise<FileHandle> {
  const handle = await open(segmentPath(dir, first), "a", 0o600);
  await syncFolder(dir);
  return handle;
}

/** Reads what an earlier run left, and cuts each segment at its first bad record. */
export async function recover(dir: string): Promise<Recovered> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const cursor = await readCursor(dir);
  const segments: Segment[] = [];
  const pending: Pending[] = [];
  let cutBytes = 0;
  for (const name of (await readdir(dir)).filter((entry) => SEGMENT.test(entry)).sort()) {
    const path = join(dir, name);
    const bytes = await readFile(path);
    const scan = scanSegment(bytes);
    if (scan.validBytes < bytes.length) {
      await truncate(path, scan.validBytes);
      cutBytes += bytes.length - scan.validBytes;
    }
    const last = scan.frames.at(-1)?.sequence;
    if (last === undefined || last <= cursor.done) {
      await unlink(path);
      continue;
    }
    segments.push({ path, bytes: scan.validBytes, last });
    for (const { sequence, payload, offset } of scan.frames) {
      if (sequence > cursor.done) pending.push({ sequence, path, offset, payloadBytes: payload.length });
    }
  }
  return { segments, pending, cursor, cutBytes };
}

/** The payload of an undelivered record; undefined when it was damaged on disk since. */
export async function readPending(pending: Pending): Promise<Uint8Array | undefined> {
  const handle = await open(pending.path, "r");
  try {
    const bytes = Buffer.alloc(HEADER_BYTES + pending.payloadBytes);
    await handle.read(bytes, 0, bytes.length, pending.offset);
    return decodeFrame(bytes, 0)?.payload;
  } finally {
    await handle.close();
  }
}
