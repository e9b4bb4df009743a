import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { LedgerLock } from "./ledger-lock.ts";

const BUSY = /was locked for 30 ms/;
let folder = "";
const open: LedgerLock[] = [];

/** Another owner: to the kernel each open file is one, in whatever process. */
function newLock(): LedgerLock {
  const lock = new LedgerLock(folder, 30);
  open.push(lock);
  return lock;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pharos-lock-"));
});
afterEach(() => {
  for (const lock of open.splice(0)) lock.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("locks of a ledger", () => {
  test("a container is taken by one owner at a time, and others beside it", () => {
    const [one, other] = [newLock(), newLock()];
    one.takeContainer("a");
    other.takeContainer("b");
    expect(() => other.takeContainer("a")).toThrow(BUSY);
    expect([other.isIdle("a"), one.isIdle("a"), one.isIdle("c")]).toEqual([false, true, true]);
    one.leaveContainer("a");
    other.takeContainer("a");
  });

  test("journal and disk do not exclude each other, nor a container", () => {
    const [one, other] = [newLock(), newLock()];
    one.withJournal(() => {
      other.withDisk(() => other.takeContainer("a"));
      expect(() => other.withJournal(() => undefined)).toThrow(BUSY);
    });
    expect(other.withJournal(() => "free")).toBe("free");
  });

  test("all is taken when nobody is at work, and nobody begins meanwhile", () => {
    const [one, other] = [newLock(), newLock()];
    one.takeContainer("a");
    expect(() => other.takeAll()).toThrow(BUSY);
    one.leaveContainer("a");
    other.takeAll();
    expect(() => one.takeContainer("a")).toThrow(BUSY);
    expect(() => one.withJournal(() => undefined)).toThrow(BUSY);
    // The owner of all uses the journal without making a hole in its lock.
    other.withJournal(() => undefined);
    expect(() => one.withJournal(() => undefined)).toThrow(BUSY);
    other.leaveAll();
    one.takeContainer("a");
  });

  test("who no longer wants all goes on with nothing locked", () => {
    const [one, other, third] = [newLock(), newLock(), newLock()];
    one.takeContainer("a");
    let asked = 0;
    expect(other.takeAll(() => ++asked < 3)).toBe(false);
    expect(asked).toBe(3);
    third.takeContainer("b");
    third.withJournal(() => undefined);
    one.leaveContainer("a");
    third.leaveContainer("b");
    expect(other.takeAll(() => true)).toBe(true);
  });

  test("who could not take all leaves nothing locked", () => {
    const [one, other, third] = [newLock(), newLock(), newLock()];
    one.takeContainer("a");
    expect(() => other.takeAll()).toThrow(BUSY);
    third.takeContainer("b");
    third.withJournal(() => undefined);
  });
});
