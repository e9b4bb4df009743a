import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type AttachmentLedger, withAttachment, withMaintenance } from "./attachment-ledger.ts";
import type { LedgerEntry } from "./entry.ts";
import { encodeLines } from "./journal-lines.ts";
import { LedgerLock } from "./ledger-lock.ts";
import { readLedger } from "./read-ledger.ts";

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
const onLedger = <T>(work: (ledger: AttachmentLedger) => T, containerID = "any") => withAttachment({ folder, containerID }, work);
const put = (...entries: readonly LedgerEntry[]) => onLedger((ledger) => ledger.reserve(() => [{ put: entries }, undefined]));
const release = (...entries: readonly LedgerEntry[]) => onLedger((ledger) => ledger.release(entries.map(({ key }) => key)));
/** True when opening with a witness asks it. */
function isSuspect(): boolean {
  let isAsked = false;
  const witness = () => {
    isAsked = true;
    throw new Error("asked");
  };
  try {
    withAttachment({ folder, containerID: "any", witness }, (ledger) => ledger.reserve(() => [{}, undefined]));
  } catch {
    // The witness has thrown, so nothing was rebuilt.
  }
  return isAsked;
}

describe("ledger", () => {
  test("is empty before anything was written, and makes no file for a reader", () => {
    expect(readLedger(folder)).toEqual([]);
    expect(existsSync(folder)).toBe(false);
  });

  test("keeps what was reserved for the next process, and the turn of addresses after a release", () => {
    put(entry("a", 2));
    const turns = [{ bridge: "br0", range: "10.0.0.2", address: "10.0.0.3" }];
    onLedger((ledger) => ledger.reserve(() => [{ put: [entry("b", 3)], turns }, undefined]));
    release(entry("b", 3));
    expect(ids()).toEqual(["a"]);
    expect(onLedger((ledger) => [ledger.read().lastOf("br0"), ledger.read().lastOf("br1")])).toEqual([["10.0.0.3"], []]);
  });

  test("sees its own changes", () => {
    onLedger((ledger) => {
      ledger.reserve(() => [{ put: [entry("a", 2)] }, undefined]);
      expect(ledger.read().find(entry("a", 2).key)).toEqual(entry("a", 2));
      ledger.release([entry("a", 2).key]);
      expect(ledger.read().entries()).toEqual([]);
    });
  });

  test("sees what others wrote while it was open", () => {
    onLedger((ledger) => {
      ledger.reserve(() => [{ put: [entry("a", 2)] }, undefined]);
      onLedger((other) => other.reserve(() => [{ put: [entry("b", 3)] }, undefined]), "other");
      expect(ledger.read().entries()).toEqual([entry("a", 2), entry("b", 3)]);
      ledger.release([entry("a", 2).key]);
    });
    expect(ids()).toEqual(["b"]);
  });

  test("goes on in the new file when another made it shorter meanwhile", () => {
    onLedger((ledger) => {
      ledger.reserve(() => [{ put: [entry("a", 2)] }, undefined]);
      const before = statSync(path()).ino;
      onLedger((other) => {
        for (let turn = 0; turn < 300; turn++) other.reserve(() => [{ put: [entry("b", 3)] }, undefined]);
      }, "other");
      expect(statSync(path()).ino).not.toBe(before);
      ledger.release([entry("a", 2).key]);
    });
    expect(ids()).toEqual(["b"]);
    expect(isSuspect()).toBe(false);
  });

  test("replaces entries of an earlier boot in the write of the new one", () => {
    put(entry("old", 2, "boot-0"));
    onLedger((ledger) => ledger.reserve(() => [{ put: [entry("new", 2)], remove: [entry("old", 2).key] }, undefined]));
    expect(readLedger(folder)).toEqual([entry("new", 2)]);
  });

  test("release of what is not there writes nothing", () => {
    put(entry("a", 2));
    const before = statSync(path()).size;
    release(entry("never", 9));
    expect(statSync(path()).size).toBe(before);
  });

  test("a decision that throws writes nothing, and ends all locks", () => {
    put(entry("a", 2));
    const before = statSync(path()).size;
    const refuse = () =>
      onLedger((ledger) =>
        ledger.reserve(() => {
          throw new Error("no address");
        }),
      );
    expect(refuse).toThrow("no address");
    expect(statSync(path()).size).toBe(before);
    expect(withMaintenance({ folder }, () => "free")).toBe("free");
  });

  test("cuts a torn tail before it appends", () => {
    put(entry("a", 2));
    const whole = readFileSync(path(), "utf8");
    appendFileSync(path(), "01234567 89abcdef put pods/torn/eth0 br0");
    put(entry("b", 4));
    expect(ids()).toEqual(["a", "b"]);
    expect(readFileSync(path(), "utf8").startsWith(whole)).toBe(true);
    expect(readFileSync(path(), "utf8")).not.toMatch(/torn/);
  });

  test("is suspect when it is new, torn or damaged, and not when it is whole", () => {
    expect(isSuspect()).toBe(true);
    put(entry("a", 2));
    put(entry("b", 3));
    expect(isSuspect()).toBe(false);
    appendFileSync(path(), "torn");
    expect(isSuspect()).toBe(true);
    put(entry("c", 4));
    expect(isSuspect()).toBe(false);
    writeFileSync(path(), readFileSync(path(), "utf8").replace("pods/a/eth0", "pods/x/eth0"));
    expect(isSuspect()).toBe(true);
    put(entry("d", 5));
    expect(isSuspect()).toBe(true);
    expect(ids()).toEqual(["b", "c", "d"]);
  });

  test("is whole after the witness was asked, which adds what is missing and keeps what is there", () => {
    const turns = [{ bridge: "br0", range: "10.0.0.2", address: "10.0.0.3" }];
    put(entry("a", 2));
    onLedger((ledger) => ledger.reserve(() => [{ put: [entry("b", 3)], turns }, undefined]));
    writeFileSync(path(), readFileSync(path(), "utf8").replace("pods/a/eth0", "pods/x/eth0"));
    const held = withAttachment({ folder, containerID: "c", witness: () => [entry("a", 2), entry("b", 99)] }, (ledger) =>
      ledger.reserve((view) => [{}, view.entries()]),
    );
    expect(held).toEqual([entry("a", 2), entry("b", 3)]);
    expect(readLedger(folder)).toEqual(held);
    expect([isSuspect(), onLedger((ledger) => ledger.read().lastOf("br0"))]).toEqual([false, ["10.0.0.3"]]);
  });

  test("stays short over many attachments", () => {
    put(entry("stays", 2));
    const turns = [{ bridge: "br0", range: "10.0.0.2", address: "10.0.0.3" }];
    for (let round = 0; round < 10; round++) {
      onLedger((ledger) => {
        for (let turn = 0; turn < 40; turn++) {
          ledger.reserve(() => [{ put: [entry("comes", 3)], turns }, undefined]);
          ledger.release([entry("comes", 3).key]);
        }
      });
    }
    expect(statSync(path()).size).toBeLessThan(260 * 250);
    expect(ids()).toEqual(["stays"]);
    expect(onLedger((ledger) => ledger.read().lastOf("br0"))).toEqual(["10.0.0.3"]);
  });

  test("remembers the addresses of a pod that asks for it beyond its release and compaction, until it no longer asks", () => {
    const pod = { namespace: "default", name: "web" };
    const remembered = () => onLedger((ledger) => [...ledger.read().stickyOf("br0")]);
    put({ ...entry("a", 2), pod, sticky: true });
    release(entry("a", 2));
    for (let turn = 0; turn < 300; turn++) put(entry("b", 3));
    expect(remembered()).toEqual([["default/web", ["10.0.0.2/24"]]]);
    put({ ...entry("c", 4), pod, sticky: true });
    expect(remembered()).toEqual([["default/web", ["10.0.0.4/24"]]]);
    put({ ...entry("d", 5), pod });
    expect(remembered()).toEqual([]);
  });

  test("maintenance reclaims what stood idle when it was asked for, not what a command is at work on", () => {
    put(entry("idle", 2), entry("busy", 3));
    const reclaimed = withAttachment({ folder, containerID: "busy" }, () => {
      const lock = new LedgerLock(folder, 30);
      try {
        return ["idle", "busy"].map((id) => lock.isIdle(id));
      } finally {
        lock.close();
      }
    });
    expect(reclaimed).toEqual([true, false]);
    const names = withMaintenance({ folder }, (ledger) => {
      ledger.write({ put: [entry("newer", 4)] });
      return ledger.reclaimable().map(({ key }) => key.containerID);
    });
    expect(names).toEqual(["idle", "busy"]);
  });

  test("refuses a ledger of a newer version instead of misreading it", () => {
    put(entry("a", 2));
    writeFileSync(path(), encodeLines(["header 3"], 0).bytes);
    expect(() => readLedger(folder)).toThrow(/version 3/);
    expect(() => put(entry("a", 2))).toThrow(/version 3/);
  });

  test("is free again after the work threw", () => {
    expect(() =>
      onLedger(() => {
        throw new Error("work failed");
      }),
    ).toThrow("work failed");
    expect(onLedger(() => "free")).toBe("free");
    expect(withMaintenance({ folder }, () => "free")).toBe("free");
  });
});
