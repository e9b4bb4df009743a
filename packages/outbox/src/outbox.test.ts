import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { hasCode } from "@pharos/base";
import { OUTBOX_CLOSED, OUTBOX_RECORD_TOO_LARGE, OUTBOX_UNUSABLE } from "./codes.ts";
import { HEADER_BYTES } from "./frame.ts";
import { type OutboxOptions, openOutbox } from "./outbox.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (payload: Uint8Array): string => new TextDecoder().decode(payload);
const quick: OutboxOptions = { backoff: { firstMs: 1, longestMs: 4 } };

describe("outbox", () => {
  let dir = "";
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "pharos-outbox-"));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  /** Receives until `count` records have arrived or 2 s have passed. */
  async function receive(count: number, refuse: (text: string, attempt: number) => boolean = () => false): Promise<string[]> {
    const outbox = await openOutbox(dir, quick);
    const got: string[] = [];
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), 2000);
    await outbox.deliver(async ({ payload, attempt }) => {
      if (refuse(text(payload), attempt)) throw new Error("refused");
      got.push(text(payload));
      if (got.length === count) queueMicrotask(() => setTimeout(() => stop.abort(), 20));
    }, stop.signal);
    clearTimeout(timer);
    await outbox.close();
    return got;
  }

  async function fill(records: readonly string[], options: OutboxOptions = quick): Promise<void> {
    const outbox = await openOutbox(dir, options);
    for (const record of records) await outbox.append(bytes(record));
    await outbox.close();
  }

  const segmentFiles = async (): Promise<string[]> => (await readdir(dir)).filter((name) => name.endsWith(".seg")).sort();

  test("delivers in order what an earlier run accepted", async () => {
    await fill(["a", "b", "c"]);
    expect(await receive(3)).toEqual(["a", "b", "c"]);
  });

  test("delivers nothing twice when deliveries were recorded, and removes empty segments", async () => {
    await fill(["a", "b"]);
    await receive(2);
    expect(await segmentFiles()).toEqual([]);
    await fill(["c"]);
    expect(await receive(1)).toEqual(["c"]);
  });

  test("repeats a refused record until it is taken, before those behind it", async () => {
    await fill(["a", "b"]);
    expect(await receive(2, (record, attempt) => record === "a" && attempt < 4)).toEqual(["a", "b"]);
  });

  test("keeps an undelivered record over any number of restarts", async () => {
    await fill(["a"]);
    for (let run = 0; run < 3; run++) {
      const outbox = await openOutbox(dir, quick);
      const stop = new AbortController();
      await outbox.deliver(async () => {
        stop.abort();
        throw new Error("away");
      }, stop.signal);
      await outbox.close();
    }
    expect(await receive(1)).toEqual(["a"]);
  });

  test("gives back every whole record, and only these, wherever a power cut tore the file", async () => {
    await fill(["one", "two", "three"]);
    const [name] = await segmentFiles();
    const path = join(dir, name ?? "");
    const whole = await readFile(path);
    const ends = [0, 3, 6, 11].map((length, index) => length + index * HEADER_BYTES);
    for (let cut = 0; cut < whole.length; cut++) {
      await writeFile(path, whole);
      await truncate(path, cut);
      const outbox = await openOutbox(dir, quick);
      expect(outbox.state().pending).toBe(ends.filter((end) => end > 0 && end <= cut).length);
      await outbox.close();
    }
  });

  test("stops at a flipped bit instead of delivering rubbish, and goes on with new records", async () => {
    await fill(["one", "two", "three"]);
    const [name] = await segmentFiles();
    const path = join(dir, name ?? "");
    const whole = await readFile(path);
    whole[HEADER_BYTES + 3 + HEADER_BYTES] = (whole[HEADER_BYTES + 3 + HEADER_BYTES] ?? 0) ^ 1;
    await writeFile(path, whole);
    await fill(["four"]);
    expect(await receive(2)).toEqual(["one", "four"]);
  });

  test("drops the oldest segments when full, and counts what it dropped over a restart", async () => {
    const small: OutboxOptions = { ...quick, segmentBytes: 2 * (HEADER_BYTES + 1), maxBytes: 4 * (HEADER_BYTES + 1) };
    await fill(["a", "b", "c", "d", "e", "f"], small);
    const outbox = await openOutbox(dir, small);
    expect(outbox.state()).toEqual({ pending: 4, dropped: 2, bytes: 4 * (HEADER_BYTES + 1) });
    await outbox.close();
    expect(await receive(4)).toEqual(["c", "d", "e", "f"]);
  });

  test("delivers a record that is appended while the receiver waits", async () => {
    const outbox = await openOutbox(dir, quick);
    const stop = new AbortController();
    const got: string[] = [];
    const delivery = outbox.deliver(async ({ payload }) => {
      got.push(text(payload));
      stop.abort();
    }, stop.signal);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await outbox.append(bytes("late"));
    await delivery;
    await outbox.close();
    expect(got).toEqual(["late"]);
  });

  test("delivers again from the oldest record when the cursor is torn", async () => {
    await fill(["a", "b"]);
    await writeFile(join(dir, "cursor.json"), '{"done":');
    expect(await receive(2)).toEqual(["a", "b"]);
  });

  test("refuses a record larger than a segment, an append after close, and a folder that is a file", async () => {
    const outbox = await openOutbox(dir, { ...quick, segmentBytes: 4 });
    const tooLarge = await outbox.append(bytes("12345")).catch((error: unknown) => error);
    expect(hasCode(tooLarge, OUTBOX_RECORD_TOO_LARGE)).toBe(true);
    await outbox.close();
    const closed = await outbox.append(bytes("1")).catch((error: unknown) => error);
    expect(hasCode(closed, OUTBOX_CLOSED)).toBe(true);
    await writeFile(join(dir, "file"), "");
    const unusable = await openOutbox(join(dir, "file")).catch((error: unknown) => error);
    expect(hasCode(unusable, OUTBOX_UNUSABLE)).toBe(true);
  });
});
