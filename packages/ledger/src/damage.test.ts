import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type LedgerPlace, withAttachment } from "./attachment-ledger.ts";
import type { LedgerEntry } from "./entry.ts";
import { readLedger } from "./read-ledger.ts";

/** In memory where there is such a place: thousands of syncs are not what is tested here. */
const PLACE = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
let folder = "";
let whole: Buffer;
const path = () => join(folder, "ledger");

function entry(containerID: string, address: string): LedgerEntry {
  const key = { network: "pods", containerID, ifname: "eth0" };
  return { key, bridge: "br0", addresses: [`${address}/24`], hostName: `pv${containerID}`, mac: "02:00:00:00:00:01", bootId: "boot-1" };
}
const RUNNING = [entry("a", "10.0.0.2"), entry("b", "10.0.0.3"), entry("c", "10.0.0.4")];
const ADDRESSES = ["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"];

function put(entries: readonly LedgerEntry[], place: Partial<LedgerPlace> = {}): void {
  withAttachment({ folder, containerID: "x", ...place }, (ledger) => ledger.reserve(() => [{ put: entries }, undefined]));
}

/** What ADD does: the first address that nobody holds, the kernel being asked where the ledger is suspect. */
function add(containerID: string): string | undefined {
  return withAttachment({ folder, containerID, witness: () => RUNNING }, (ledger) =>
    ledger.reserve((held) => {
      const taken = held.addressesOn("br0", "boot-1");
      const address = ADDRESSES.find((one) => !taken.has(one));
      return [{ put: address === undefined ? [] : [entry(containerID, address)] }, address];
    }),
  );
}

beforeAll(() => {
  folder = mkdtempSync(join(PLACE, "pharos-damage-"));
  put(RUNNING.slice(0, 2));
  put([entry("gone", "10.0.0.9")]);
  put(RUNNING.slice(2));
  withAttachment({ folder, containerID: "x" }, (ledger) => ledger.release([entry("gone", "10.0.0.9").key]));
  whole = readFileSync(path());
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** After the damage: ADD gets the one free address, all running pods are known again, and DEL frees for the next ADD. */
function expectRecovery(what: string): void {
  const outcome = {
    what,
    first: add("new"),
    exhausted: add("late"),
    held: readLedger(folder)
      .map(({ key, addresses }) => `${key.containerID} ${addresses}`)
      .sort(),
  };
  // `gone` is back where the record of its removal was lost: no pod uses its address, and garbage collection frees it.
  const held = outcome.held.filter((text) => !text.startsWith("gone "));
  expect({ ...outcome, held }).toEqual({
    what,
    first: "10.0.0.5",
    exhausted: undefined,
    held: ["a 10.0.0.2/24", "b 10.0.0.3/24", "c 10.0.0.4/24", "new 10.0.0.5/24"],
  });
  withAttachment({ folder, containerID: "b" }, (ledger) => ledger.release([entry("b", "").key]));
  expect([what, add("late")]).toEqual([what, "10.0.0.3"]);
}

describe("a damaged ledger", () => {
  test("cut at whatever byte hands out no address twice and loses none", () => {
    for (let length = 0; length <= whole.length; length++) {
      // At the end of a line nothing shows that more was there. No crash leaves that: records reach the file in order.
      if (length > 0 && length < whole.length && whole[length - 1] === 0x0a) continue;
      writeFileSync(path(), whole.subarray(0, length));
      expectRecovery(`cut at ${length}`);
    }
  });

  test("with whatever byte changed hands out no address twice and loses none", () => {
    for (let at = 0; at < whole.length; at++) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      writeFileSync(path(), changed);
      expectRecovery(`byte ${at} changed`);
    }
  });

  test("takes and frees entries also where nobody asks the kernel", () => {
    for (let at = 0; at < whole.length; at += 7) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 0x10;
      writeFileSync(path(), changed);
      put([entry("new", "10.0.0.5")]);
      expect(readLedger(folder)).toContainEqual(entry("new", "10.0.0.5"));
      withAttachment({ folder, containerID: "new" }, (ledger) => ledger.release([entry("new", "").key]));
      expect(readLedger(folder)).not.toContainEqual(entry("new", "10.0.0.5"));
    }
  });
});
