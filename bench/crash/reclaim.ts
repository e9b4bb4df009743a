// How long the first STATUS of a boot takes when the ledger holds 1,000 pods of the boot before.

import { PharosHost } from "@pharos/cni-plugin/crash";
import { type LedgerEntry, readLedger, withMaintenance } from "@pharos/ledger";

const RECORDED = 1000;

/** Milliseconds of the call as a runtime sees it, and how many entries are held afterwards. */
export async function reclaim(prefix: string, plugin: string): Promise<{ readonly ms: number; readonly held: number }> {
  const pharos = new PharosHost(prefix, plugin);
  try {
    await pharos.host.start();
    await pharos.must("ADD");
    const sample = readLedger(pharos.stateDir).find(({ key }) => key.ifname === "eth0");
    if (sample === undefined) throw new Error("the ledger has no entry");
    const more = Array.from({ length: RECORDED - 1 }, (_, index): LedgerEntry => {
      const address = `10.64.${(index + 2) >> 8}.${(index + 2) & 255}/16`;
      return {
        ...sample,
        key: { ...sample.key, containerID: `gone${index}` },
        addresses: [address],
        hostName: `pv${String(index).padStart(12, "0")}`,
      };
    });
    withMaintenance({ folder: pharos.stateDir }, (ledger) => ledger.write({ put: more }));
    pharos.host.reboot();
    const before = performance.now();
    await pharos.must("STATUS");
    return { ms: performance.now() - before, held: readLedger(pharos.stateDir).length };
  } finally {
    pharos.host.remove();
  }
}
