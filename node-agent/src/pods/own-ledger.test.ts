import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { silentLog } from "@pharos/base";
import { type LedgerEntry, withMaintenance } from "@pharos/ledger";
import { OwnLedger } from "./own-ledger.ts";

const entry = (containerID: string, bootId: string): LedgerEntry => ({
  key: { network: "pharos", containerID, ifname: "eth0" },
  bridge: "podBr0",
  addresses: ["10.2.0.2/24"],
  hostName: "pv000000000001",
  mac: "02:00:00:00:00:01",
  bootId,
});

describe("OwnLedger", () => {
  let folder: string;
  let ledger: OwnLedger;
  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), "pharos-own-ledger-")), "ledger");
    ledger = new OwnLedger({ folder, log: silentLog, bootId: "this" });
  });
  afterEach(() => rmSync(join(folder, ".."), { recursive: true }));

  const put = (...entries: readonly LedgerEntry[]) => withMaintenance({ folder }, (locked) => locked.write({ put: entries }));
  const names = (entries: readonly LedgerEntry[]) => entries.map(({ key }) => key.containerID);

  test("is empty where no pod was ever attached", () => {
    expect([ledger.all(), ledger.current()]).toEqual([[], []]);
  });

  test("tells what holds from what another boot left", () => {
    put(entry("a", "before"), entry("b", "this"));
    expect(names(ledger.all())).toEqual(["a", "b"]);
    expect(names(ledger.current())).toEqual(["b"]);
  });

  test("shows every change, and the same array while there is none", () => {
    put(entry("a", "this"));
    const first = ledger.current();
    expect(ledger.current()).toBe(first);
    put(entry("b", "this"));
    expect(names(ledger.current())).toEqual(["a", "b"]);
    appendFileSync(join(folder, "ledger"), "torn");
    expect(names(ledger.current())).toEqual(["a", "b"]);
  });
});
