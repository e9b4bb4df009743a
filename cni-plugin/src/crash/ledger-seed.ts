import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type LedgerEntry, withMaintenance } from "@pharos/ledger";

const GUEST: LedgerEntry = {
  key: { network: "guests", containerID: "guest", ifname: "eth0" },
  bridge: "podBr0",
  addresses: [],
  hostName: "pvguest",
  mac: "02:00:00:00:00:01",
  bootId: "guest",
};
const TURNS = 10_000;

/**
 * Brings a ledger to where the next write of two records makes it short: a guest comes and goes, a record each time, until that
 * happened, and the file from when the guest was away last is put back.
 */
export function bringToShortening(folder: string): void {
  const path = join(folder, "ledger");
  let withoutGuest = readFileSync(path);
  let bytes = withoutGuest.length;
  withMaintenance({ folder }, (ledger) => {
    for (let turn = 0; turn < TURNS; turn++) {
      const isGuest = turn % 2 === 0;
      if (isGuest) ledger.write({ put: [GUEST] });
      else ledger.release([GUEST.key]);
      const after = readFileSync(path);
      if (after.length < bytes) return;
      bytes = after.length;
      if (!isGuest) withoutGuest = after;
    }
    throw new Error(`${path} was not made short in ${TURNS} writes`);
  });
  writeFileSync(path, withoutGuest);
}
