import { containsIp, parsePrefix } from "@pharos/hoststate";
import type { LedgerEntry } from "@pharos/ledger";
import type { BlockUse } from "./report.ts";
import type { HashedRevision } from "./snapshot.ts";

/** This host's blocks of the running revision, with the number of addresses that pods hold in each. */
export function blockUse(running: HashedRevision | undefined, host: string, entries: readonly LedgerEntry[]): readonly BlockUse[] {
  const held = entries.flatMap((entry) => entry.addresses.flatMap((address) => parsePrefix(address)?.ip ?? []));
  const own = (running?.content.allocations ?? []).filter((allocation) => allocation.host === host);
  return own.map(({ bridge, subnet, block }) => {
    const prefix = parsePrefix(block);
    return { bridge, subnet, block, used: prefix === undefined ? 0 : held.filter((ip) => containsIp(prefix, ip)).length };
  });
}
