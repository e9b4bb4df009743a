import { type Witness, witnessOf } from "@pharos/attach";
import type { LedgerEntry } from "@pharos/ledger";
import type { NetlinkSocket } from "../linux/netlink-socket.ts";
import { listLinks } from "./links.ts";

/**
 * The entries that the marks of the host's pod links tell, for a ledger that lost some. The network namespace and the pod's name
 * are not in a mark and stay unknown.
 */
export function entriesOfLinks(socket: NetlinkSocket, bootId: string): readonly LedgerEntry[] {
  const links = listLinks(socket);
  const names = new Map(links.map(({ index, name }) => [index, name]));
  return links.flatMap(({ kind, alias, master, name }) => {
    const witness = kind === "veth" && alias !== undefined ? witnessOf(alias) : undefined;
    const bridge = names.get(master ?? 0);
    return witness === undefined || bridge === undefined ? [] : [entryOf(witness, { bridge, hostName: name, bootId })];
  });
}

function entryOf(witness: Witness, place: Pick<LedgerEntry, "bridge" | "hostName" | "bootId">): LedgerEntry {
  return { ...witness, ...place };
}
