import { mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type LedgerEntry, readLedger, withMaintenance } from "@pharos/ledger";
import { builtPlugin } from "../plugin-harness.ts";
import { type Expected, faultsAfter, learnExpected } from "./expectation.ts";
import { BYSTANDER, PharosHost } from "./pharos-host.ts";

const PAGE = 4096;

/** An attachment of this boot whose record is as long as wanted. */
function filler(letters: number): LedgerEntry {
  const [other] = readLedger(pharos.ledgerFolder);
  if (other === undefined) throw new Error("no entry");
  const { bridge, bootId } = other;
  const key = { network: "fillers", containerID: "filler", ifname: "eth0" };
  return { key, bridge, bootId, addresses: [], hostName: "pvfiller", mac: "02:00:00:00:00:02", netns: "x".repeat(letters + 1) };
}

let pharos: PharosHost;
let expected: Expected;

beforeAll(async () => {
  pharos = new PharosHost(`pcr${process.pid}w`, builtPlugin());
  await pharos.host.start();
  mkdirSync(pharos.stateDir);
  pharos.host.mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", pharos.stateDir);
  await pharos.must("ADD", { pod: BYSTANDER });
  withMaintenance({ folder: pharos.ledgerFolder }, (ledger) => ledger.write({ put: [filler(0)] }));
  expected = await learnExpected(pharos);
}, 180_000);

afterAll(() => pharos.host.remove());

const ledgerBytes = () => statSync(join(pharos.ledgerFolder, "ledger")).size;

/** Makes the ledger end so many bytes before the end of a page. */
function fillTo(free: number): void {
  withMaintenance({ folder: pharos.ledgerFolder }, (ledger) => {
    ledger.write({ put: [filler(0)] });
    const before = ledgerBytes();
    ledger.write({ put: [filler(0)] });
    const line = ledgerBytes() - before;
    const missing = PAGE - free - ((ledgerBytes() + line) % PAGE);
    ledger.write({ put: [filler(missing < 0 ? missing + PAGE : missing)] });
  });
  expect(ledgerBytes() % PAGE).toBe(PAGE - free);
}

describe("a file system that becomes full in the middle of a record", () => {
  test.each([1, 30, 200])(
    "ADD is error 11 and leaves nothing when the write ends after %i bytes; with room again it succeeds",
    async (free) => {
      fillTo(free);
      expected = await learnExpected(pharos);
      fillTo(free);
      const bytes = ledgerBytes();
      const trace = join(pharos.host.folder, "trace");
      // One page more, for the lock file.
      pharos.host.mount("-o", `remount,size=${Math.ceil(bytes / PAGE) * PAGE + PAGE}`, pharos.stateDir);
      const failed = await pharos.call("ADD", { through: ["strace", "-qq", "-y", "-o", trace, "-e", "trace=write,pwrite64"] });
      pharos.host.mount("-o", "remount,size=1m", pharos.stateDir);
      expect(readFileSync(trace, "utf8")).toMatch(new RegExp(`/ledger/ledger>.* = ${free}\\n`));
      expect([failed.code, JSON.parse(failed.stdout)]).toMatchObject([1, { code: 11, msg: expect.stringContaining("PHAROS-2101") }]);
      expect(ledgerBytes()).toBe(bytes);
      expect(await faultsAfter("failure", expected.detached, pharos)).toEqual([]);
      await pharos.must("ADD");
      expect(await faultsAfter("ADD", expected.attached, pharos)).toEqual([]);
      await pharos.must("DEL");
    },
  );
});
