import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { LedgerEntry } from "./entry.ts";
import { readLedger, withLedger } from "./ledger.ts";
import { encodeRecord } from "./record.ts";

let folder = "";
const path = () => join(folder, "ledger");

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), "pharos-ledger-")), "state");
});
afterEach(() => rmSync(join(folder, ".."), { recursive: true, force: true }));

function entry(containerID: string, last: number, bootId = "boot-1"): LedgerEntry {
  const key = { network: "pods", containerID, ifname: "eth0" };
  return { key, bridge: "br0", addresses: [`10.0.0.${last}/24`], hostName: `pv${containerID}`, mac: "02:00:00:00:00:01", bootId };
}

const ids = () => readLedger(folder).map(({ key }) => key.containerID);

describe("ledger", () => {
  test("is empty before anything was written, and makes no file for a reader", () => {
    expect(readLedger(folder)).toEqual([]);
    expect(existsSync(folder)).toBe(false);
  });

  test("keeps what was reserved for the next process, and the turn of addresses after a release", () => {
    withLedger(folder, (ledger) => ledger.reserve(entry("a", 2)));
    withLedger(folder, (ledger) => ledger.reserve(entry("b", 3)));
    withLedger(folder, (ledger) => ledger.release(entry("b", 3).key));
    expect(ids()).toEqual(["a"]);
    expect(withLedger(folder, (ledger) => [ledger.lastOf("br0"), ledger.lastOf("br1")])).toEqual([["10.0.0.3/24"], []]);
  });

  test("sees its own changes before the lock ends", () => {
    withLedger(folder, (ledger) => {
      ledger.reserve(entry("a", 2));
      expect(ledger.find(entry("a", 2).key)).toEqual(entry("a", 2));
      ledger.release(entry("a", 2).key);
      expect(ledger.entries()).toEqual([]);
    });
  });

  test("replaces entries of an earlier boot in the write of the new one", () => {
    withLedger(folder, (ledger) => ledger.reserve(entry("old", 2, "boot-0")));
    withLedger(folder, (ledger) => ledger.reserve(entry("new", 2), [entry("old", 2).key]));
    expect(readLedger(folder)).toEqual([entry("new", 2)]);
  });

  test("release of what is not there writes nothing", () => {
    withLedger(folder, (ledger) => ledger.reserve(entry("a", 2)));
    const before = statSync(path()).size;
    withLedger(folder, (ledger) => ledger.release(entry("never", 9).key));
    expect(statSync(path()).size).toBe(before);
  });

  test("cuts a torn tail before it appends", () => {
    withLedger(folder, (ledger) => ledger.reserve(entry("a", 2)));
    const whole = readFileSync(path(), "utf8");
    appendFileSync(path(), encodeRecord({ kind: "put", entry: entry("torn", 3) }).subarray(0, 40));
    withLedger(folder, (ledger) => ledger.reserve(entry("b", 4)));
    expect(ids()).toEqual(["a", "b"]);
    expect(readFileSync(path(), "utf8").startsWith(`${whole}`)).toBe(true);
    expect(readFileSync(path(), "utf8")).not.toMatch(/torn/);
  });

  test("is suspect when it is new, torn or damaged, and not when it is whole", () => {
    const isSuspect = () => withLedger(folder, (ledger) => ledger.isSuspect);
    expect(isSuspect()).toBe(true);
    withLedger(folder, (ledger) => ledger.reserve(entry("a", 2)));
    withLedger(folder, (ledger) => ledger.reserve(entry("b", 3)));
    expect(isSuspect()).toBe(false);
    appendFileSync(path(), "torn");
    expect(isSuspect()).toBe(true);
    withLedger(folder, (ledger) => ledger.reserve(entry("c", 4)));
    expect(isSuspect()).toBe(false);
    writeFileSync(path(), readFileSync(path(), "utf8").replace('"a"', '"x"'));
    expect(isSuspect()).toBe(true);
    expect(ids()).toEqual(["b", "c"]);
  });

  test("is whole after a rebuild, which adds what is missing and keeps what is there", () => {
    withLedger(folder, (ledger) => {
      ledger.reserve(entry("a", 2));
      ledger.reserve(entry("b", 3));
    });
    writeFileSync(path(), readFileSync(path(), "utf8").replace('"a"', '"x"'));
    withLedger(folder, (ledger) => ledger.rebuild([entry("a", 2), entry("b", 99)]));
    expect(readLedger(folder)).toEqual([entry("a", 2), entry("b", 3)]);
    expect(withLedger(folder, (ledger) => [ledger.isSuspect, ledger.lastOf("br0")])).toEqual([false, ["10.0.0.3/24"]]);
  });

  test("stays short over many attachments", () => {
    withLedger(folder, (ledger) => ledger.reserve(entry("stays", 2)));
    const size = () => statSync(path()).size;
    for (let round = 0; round < 10; round++) {
      withLedger(folder, (ledger) => {
        for (let turn = 0; turn < 40; turn++) {
          ledger.reserve(entry("comes", 3));
          ledger.release(entry("comes", 3).key);
        }
      });
    }
    expect(size()).toBeLessThan(260 * 250);
    expect(ids()).toEqual(["stays"]);
    expect(withLedger(folder, (ledger) => ledger.lastOf("br0"))).toEqual(["10.0.0.3/24"]);
  });

  test("refuses a ledger of a newer version instead of misreading it", () => {
    withLedger(folder, (ledger) => ledger.reserve(entry("a", 2)));
    writeFileSync(path(), encodeRecord({ kind: "header", version: 2 }));
    expect(() => readLedger(folder)).toThrow(/version 2/);
  });

  test("is free again after the work threw, and after its owner died", () => {
    expect(() =>
      withLedger(folder, () => {
        throw new Error("work failed");
      }),
    ).toThrow("work failed");
    expect(withLedger(folder, () => "free")).toBe("free");
  });
});
