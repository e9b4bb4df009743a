import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { condensed, replay } from "./contents.ts";
import { keyText, type LedgerEntry } from "./entry.ts";
import { decodeLedger, encodeRecord, type LedgerRecord } from "./record.ts";

const name = fc.stringMatching(/^[a-z0-9][a-z0-9_.-]{0,8}$/);
const key = fc.record({
  network: fc.constantFrom("pods", "other"),
  containerID: fc.constantFrom("a", "b", "c", "d"),
  ifname: fc.constant("eth0"),
});
const addresses = fc.uniqueArray(
  fc.ipV4().map((ip) => `${ip}/24`),
  { maxLength: 2 },
);
const entry: fc.Arbitrary<LedgerEntry> = fc.record({
  key,
  bridge: fc.constantFrom("br0", "br1"),
  addresses,
  hostName: name,
  mac: fc.constant("02:00:00:00:00:01"),
  bootId: name,
  netns: fc.string(),
});
const record: fc.Arbitrary<LedgerRecord> = fc.oneof(
  entry.map((value) => ({ kind: "put", entry: value }) as const),
  key.map((value) => ({ kind: "remove", key: value }) as const),
  fc.record({ kind: fc.constant("last" as const), bridge: name, addresses }),
);
const records = fc.array(record, { minLength: 1, maxLength: 8 });
const bytesOf = (list: readonly LedgerRecord[]) => Buffer.concat(list.map(encodeRecord));

describe("ledger records", () => {
  test("come back as they were written", () => {
    fc.assert(
      fc.property(records, (list) => {
        const bytes = bytesOf(list);
        expect(decodeLedger(bytes)).toEqual({ records: list, validBytes: bytes.length, bytes: bytes.length, damaged: 0 });
      }),
    );
  });

  test("a tail torn at any byte costs only the records that it cuts", () => {
    const list: LedgerRecord[] = [
      { kind: "header", version: 1 },
      { kind: "remove", key: { network: "pods", containerID: "ä", ifname: "eth0" } },
      { kind: "last", bridge: "br0", addresses: ["10.0.0.1/24"] },
    ];
    const ends = list.map((_, index) => bytesOf(list.slice(0, index + 1)).length);
    const bytes = bytesOf(list);
    for (let length = 0; length <= bytes.length; length++) {
      const whole = ends.filter((end) => end <= length).length;
      const decoded = decodeLedger(bytes.subarray(0, length));
      expect(decoded).toEqual({ records: list.slice(0, whole), validBytes: ends[whole - 1] ?? 0, bytes: length, damaged: 0 });
    }
  });

  test("a tail of zeros, as a file system leaves it after a power cut, is cut", () => {
    const bytes = bytesOf([{ kind: "header", version: 1 }]);
    expect(decodeLedger(Buffer.concat([bytes, Buffer.alloc(100)])).validBytes).toBe(bytes.length);
  });

  test("a flipped bit costs the records of its line or of the two that it joins, and is counted unless it is at the end", () => {
    fc.assert(
      fc.property(records, fc.nat(), fc.integer({ min: 0, max: 7 }), (list, place, bit) => {
        const bytes = bytesOf(list);
        const at = place % bytes.length;
        bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
        const decoded = decodeLedger(bytes);
        const texts = new Set(list.map((one) => JSON.stringify(one)));
        expect(decoded.records.every((one) => texts.has(JSON.stringify(one)))).toBe(true);
        expect(list.length - decoded.records.length).toBeGreaterThanOrEqual(1);
        expect(list.length - decoded.records.length).toBeLessThanOrEqual(2);
        expect(decoded.damaged > 0 || decoded.validBytes < bytes.length).toBe(true);
      }),
    );
  });
});

describe("ledger contents", () => {
  test("condensed records add up to the same contents", () => {
    fc.assert(
      fc.property(records, (list) => {
        const before = replay(list);
        const after = replay(condensed(before));
        expect([...after.entries]).toEqual([...before.entries]);
        expect(new Map(after.last)).toEqual(new Map(before.last));
      }),
    );
  });

  test("agree with a plain map: the last put of a key counts until its removal", () => {
    fc.assert(
      fc.property(records, (list) => {
        const model = new Map<string, LedgerEntry>();
        for (const one of list) {
          if (one.kind === "put") model.set(keyText(one.entry.key), one.entry);
          if (one.kind === "remove") model.delete(keyText(one.key));
        }
        expect(new Map(replay(list).entries)).toEqual(model);
      }),
    );
  });
});
