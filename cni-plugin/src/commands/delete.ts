import { hostNameOf, type PodKey, readKey } from "@pharos/attach";
import { isOfFamily, type LedgerEntry, withAttachment } from "@pharos/ledger";
import { releaseLeases } from "../dhcp/release.ts";
import type { NetlinkSocket } from "../linux/netlink-socket.ts";
import { findLink } from "../plumb/links.ts";
import { removePodElements } from "../plumb/pod-elements.ts";
import { entriesOfLinks } from "../plumb/recover.ts";
import { removePairs } from "../plumb/remove-pairs.ts";
import { currentBootId } from "./boot-id.ts";
import { type CommandContext, withHost } from "./context.ts";
import { isExpected } from "./expected.ts";

/**
 * DEL, of the interface and of those that go with it. Links go first, then the ledger entries in one write, so a crash between leaves
 * addresses reserved, never one used twice. Repeats are success.
 */
export function del({ config, parameters }: CommandContext): void {
  const key = readKey(config.fields, parameters);
  withHost((host) =>
    withAttachment({ folder: config.stateDir, containerID: key.containerID }, (ledger) => {
      const held = ledger.read();
      if (!isExpected(config, held.find(key))) return;
      const known = held.family(key);
      const entries = known.length > 0 ? known : lostEntries(host, key);
      // Ports first: nothing new may come to a pod that is going away.
      removePodElements(entries);
      releaseLeases(entries, currentBootId());
      // A pair may have lost its bridge too; its name can be derived.
      removePairs(host, entries.length > 0 ? entries : [{ hostName: hostNameOf(key), key }]);
      if (known.length > 0) ledger.release(known.map((entry) => entry.key));
    }),
  );
}

/** What the kernel tells of an attachment that the ledger has lost. Most often there is nothing: runtimes repeat DEL. */
function lostEntries(host: NetlinkSocket, key: PodKey): readonly LedgerEntry[] {
  if (findLink(host, hostNameOf(key)) === undefined) return [];
  return entriesOfLinks(host, currentBootId()).filter((entry) => isOfFamily(entry, key));
}
