import { type FileHandle, unlink } from "node:fs/promises";
import { type Clock, describeError, type Log, PharosError, silentLog, systemClock } from "@pharos/base";
import { OUTBOX_CLOSED, OUTBOX_RECORD_TOO_LARGE, OUTBOX_UNUSABLE } from "./codes.ts";
import { encodeFrame } from "./frame.ts";
import {
  type Cursor,
  createSegment,
  type Pending,
  type Recovered,
  readPending,
  recover,
  type Segment,
  segmentPath,
  writeCursor,
} from "./segments.ts";

export interface OutboxOptions {
  /** A segment is closed at this size (bytes); also the largest record. Default 256 KiB. */
  readonly segmentBytes?: number;
  /** All segments together (bytes); beyond it the oldest segment is dropped. Default 8 MiB. */
  readonly maxBytes?: number;
  /** First and longest wait between attempts (ms); doubles from attempt to attempt. Default 500 and 30,000. */
  readonly backoff?: { readonly firstMs: number; readonly longestMs: number };
  readonly clock?: Clock;
  readonly log?: Log;
}

export interface OutboxRecord {
  /** Unique in this outbox; lets a receiver recognise a repeated delivery. */
  readonly sequence: number;
  readonly payload: Uint8Array;
  /** 1 at the first attempt of this run. */
  readonly attempt: number;
}

/** Resolves when the record has arrived; a rejection means: again later. */
export type DeliveryHandler = (record: OutboxRecord, signal: AbortSignal) => Promise<void>;

export interface OutboxState {
  readonly pending: number;
  /** Records dropped undelivered since the outbox was made, because it was full or its disk damaged them. */
  readonly dropped: number;
  readonly bytes: number;
}

/**
 * Records that survive a power cut until somebody has received them: appended with fsync, delivered at least once, in
 * order. One record that nobody takes holds up those behind it, so each receiver has an outbox of its own.
 */
export class Outbox {
  private readonly dir: string;
  private readonly options: Required<OutboxOptions>;
  private readonly segments: Segment[];
  private pending: Pending[];
  private cursor: Cursor;
  private next: number;
  private current: FileHandle | undefined;
  private queue: Promise<unknown> = Promise.resolve();
  private wake: () => void = () => {};
  private closed = false;

  constructor(dir: string, found: Recovered, options: Required<OutboxOptions>) {
    this.dir = dir;
    this.options = options;
    this.segments = found.segments;
    this.pending = found.pending;
    this.cursor = found.cursor;
    this.next = Math.max(found.cursor.done, found.segments.at(-1)?.last ?? 0) + 1;
  }

  /** Resolves with the record's sequence once it is on disk. Throws OUTBOX_UNUSABLE, OUTBOX_RECORD_TOO_LARGE, OUTBOX_CLOSED. */
  append(payload: Uint8Array): Promise<number> {
    return this.alone(async () => {
      if (this.closed) throw new PharosError(OUTBOX_CLOSED, `outbox ${this.dir} takes no more records`);
      if (payload.length > this.options.segmentBytes) {
        throw new PharosError(OUTBOX_RECORD_TOO_LARGE, `record of ${payload.length} bytes, at most ${this.options.segmentBytes}`);
      }
      try {
        return await this.write(payload);
      } catch (cause) {
        // A half-written record must not be followed by a whole one: the next append begins a new segment.
        await this.closeSegment().catch(() => {});
        throw new PharosError(OUTBOX_UNUSABLE, `cannot write to outbox ${this.dir}`, { cause });
      }
    });
  }

  /** Delivers what is there and what comes, until `signal` aborts. Call it once at a time. */
  async deliver(handler: DeliveryHandler, signal: AbortSignal): Promise<void> {
    for (let attempt = 1; !signal.aborted; ) {
      const head = this.pending[0];
      if (head === undefined) {
        attempt = 1;
        await this.somethingToDo(signal);
        continue;
      }
      try {
        const payload = await readPending(head);
        if (payload !== undefined) await handler({ sequence: head.sequence, payload, attempt }, signal);
        await this.alone(() => this.finish(head, payload === undefined ? 1 : 0));
        attempt = 1;
      } catch (error) {
        if (signal.aborted) return;
        const { firstMs, longestMs } = this.options.backoff;
        const wait = Math.min(longestMs, firstMs * 2 ** Math.min(attempt - 1, 20));
        this.options.log.warn("delivery failed", { sequence: head.sequence, attempt, retryInMs: wait, error: describeError(error) });
        attempt = this.pending[0] === head ? attempt + 1 : 1;
        await this.options.clock.sleep(wait, signal);
      }
    }
  }

  state(): OutboxState {
    const bytes = this.segments.reduce((sum, segment) => sum + segment.bytes, 0);
    return { pending: this.pending.length, dropped: this.cursor.dropped, bytes };
  }

  /** Waits for appends under way; undelivered records stay on disk. */
  close(): Promise<void> {
    return this.alone(async () => {
      this.closed = true;
      await this.closeSegment();
    });
  }

  private async write(payload: Uint8Array): Promise<number> {
    const sequence = this.next;
    const bytes = encodeFrame({ sequence, payload });
    const open = this.segments.at(-1);
    if (this.current !== undefined && open !== undefined && open.bytes + bytes.length > this.options.segmentBytes)
      await this.closeSegment();
    if (this.current === undefined) {
      await this.makeRoom(bytes.length);
      this.current = await createSegment(this.dir, sequence);
      this.segments.push({ path: segmentPath(this.dir, sequence), bytes: 0, last: sequence });
    }
    const segment = this.segments.at(-1);
    if (segment === undefined) throw new PharosError(OUTBOX_UNUSABLE, "no open segment");
    await this.current.appendFile(bytes);
    await this.current.datasync();
    this.next = sequence + 1;
    this.segments.splice(-1, 1, { path: segment.path, bytes: segment.bytes + bytes.length, last: sequence });
    this.pending.push({ sequence, path: segment.path, offset: segment.bytes, payloadBytes: payload.length });
    this.wake();
    return sequence;
  }

  /** Drops whole segments, oldest first: the newest news matter most to a receiver that was away for long. */
  private async makeRoom(bytes: number): Promise<void> {
    while (this.segments.length > 0 && this.state().bytes + bytes > this.options.maxBytes) {
      const oldest = this.segments[0];
      if (oldest === undefined) return;
      const kept = this.pending.filter((record) => record.path !== oldest.path);
      const dropped = this.pending.length - kept.length;
      this.pending = kept;
      this.cursor = { done: Math.max(this.cursor.done, oldest.last), dropped: this.cursor.dropped + dropped };
      await writeCursor(this.dir, this.cursor);
      await unlink(oldest.path);
      this.segments.shift();
      if (dropped > 0) this.options.log.error("outbox full, oldest records dropped", { dropped, droppedEver: this.cursor.dropped });
    }
  }

  private async finish(record: Pending, damaged: number): Promise<void> {
    if (this.pending[0] !== record) return;
    this.pending.shift();
    this.cursor = { done: record.sequence, dropped: this.cursor.dropped + damaged };
    await writeCursor(this.dir, this.cursor);
    const segment = this.segments[0];
    if (segment === undefined || segment.last > record.sequence || this.pending.some((other) => other.path === segment.path)) return;
    if (this.segments.length === 1) await this.closeSegment();
    await unlink(segment.path);
    this.segments.shift();
  }

  private async closeSegment(): Promise<void> {
    const handle = this.current;
    this.current = undefined;
    await handle?.close();
  }

  private somethingToDo(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        signal.removeEventListener("abort", done);
        this.wake = () => {};
        resolve();
      };
      this.wake = done;
      signal.addEventListener("abort", done, { once: true });
    });
  }

  /** Runs one change of the files at a time. */
  private alone<T>(work: () => Promise<T>): Promise<T> {
    const result = this.queue.then(work);
    this.queue = result.catch(() => {});
    return result;
  }
}

/** Opens, or makes, the outbox in folder `dir`, whose only user is this process. Throws OUTBOX_UNUSABLE. */
export async function openOutbox(dir: string, options: OutboxOptions = {}): Promise<Outbox> {
  const complete: Required<OutboxOptions> = {
    segmentBytes: 256 * 1024,
    maxBytes: 8 * 1024 * 1024,
    backoff: { firstMs: 500, longestMs: 30_000 },
    clock: systemClock,
    log: silentLog,
    ...options,
  };
  try {
    const found = await recover(dir);
    if (found.cutBytes > 0) complete.log.warn("outbox cut at a bad record", { cutBytes: found.cutBytes });
    return new Outbox(dir, found, complete);
  } catch (cause) {
    throw new PharosError(OUTBOX_UNUSABLE, `cannot open outbox ${dir}`, { cause });
  }
}
