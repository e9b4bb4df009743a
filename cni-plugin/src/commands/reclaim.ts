import { type Witness, witnessOf } from "@pharos/attach";
import type { LinkRecord } from "@pharos/kernel/netlink";
import { keyText, withMaintenance } from "@pharos/ledger";
import { releaseLeases } from "../dhcp/release.ts";
import type { NetlinkSocket } from "../linux/netlink-socket.ts";
import { deleteLinks, listLinks } from "../plumb/links.ts";
import { sweepPodElements } from "../plumb/pod-elements.ts";
import { entriesOfLinks } from "../plumb/recover.ts";
import { pairLinks } from "../plumb/remove-pairs.ts";
import { currentBootId } from "./boot-id.ts";

/** What is to go. Attachments of earlier boots always do: pods do not outlive a boot. */
export interface Garbage {
  /** True for an attachment of this boot that is to go; it may be one that only the kernel knows. */
  readonly isGarbage: (attachment: Pick<Witness, "key" | "primary">) => boolean;
}

/**
 * Removes attachments as a whole: kernel first, in batches, then the ledger in one write, so a crash between leaves addresses reserved,
 * never one used twice. Links with our mark that no entry knows go when they are garbage too, and elements of the pods' table that belong
 * to nothing that stays. Nobody else changes anything meanwhile.
 */
export function reclaim(host: NetlinkSocket, folder: string, { isGarbage }: Garbage): void {
  const bootId = currentBootId();
  withMaintenance({ folder, witness: () => entriesOfLinks(host, bootId) }, (ledger) => {
    const entries = ledger.read().entries();
    const old = entries.filter((entry) => entry.bootId !== bootId);
    const gone = [...old, ...ledger.reclaimable().filter((entry) => entry.bootId === bootId && isGarbage(entry))];
    const goneKeys = new Set(gone.map(({ key }) => keyText(key)));
    const kept = entries.filter((entry) => !goneKeys.has(keyText(entry.key)));
    const links = listLinks(host);
    const known = new Set(entries.map(({ key }) => keyText(key)));
    const orphans = links.filter((link) => isOrphan(link, (mark) => !known.has(keyText(mark.key)) && isGarbage(mark)));
    const doomed = [...new Set([...pairLinks(links, gone), ...orphans])];
    sweepPodElements(kept, survivors(links, doomed));
    releaseLeases(gone, bootId);
    deleteLinks(host, doomed);
    ledger.release(gone.map(({ key }) => key));
  });
}

function isOrphan({ kind, alias = "" }: LinkRecord, isOurs: (mark: Witness) => boolean): boolean {
  const mark = kind === "veth" || kind === "ifb" ? witnessOf(alias) : undefined;
  return mark !== undefined && isOurs(mark);
}

/** Addresses of pods whose links stay, also of those that another ledger knows. */
function survivors(links: readonly LinkRecord[], doomed: readonly LinkRecord[]): readonly string[] {
  const staying = links.filter((link) => !doomed.includes(link));
  return staying.flatMap(({ alias = "" }) => witnessOf(alias)?.addresses ?? []);
}
