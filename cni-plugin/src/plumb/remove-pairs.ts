import { isMarkOf, POD_ALIAS, type PodKey } from "@pharos/attach";
import type { LinkRecord } from "@pharos/kernel/netlink";
import type { NetlinkSocket } from "../linux/netlink-socket.ts";
import { shaperNameOf } from "./bandwidth.ts";
import { deleteLinks, findLinks, listLinks } from "./links.ts";

/** An attachment as far as its links are concerned. */
export interface Pair {
  readonly hostName: string;
  readonly key: PodKey;
}

/** Asking for more links by name costs more than a list of all. */
const FEW = 8;

/**
 * Removes the pairs of attachments by their host's ends, with which the pods' ends go, and the links that limit what pods send. A link
 * that is gone is success. A link of such a name that bears the mark of another is left alone; one without a mark is ours, from a
 * crash between creation and marking.
 */
export function removePairs(socket: NetlinkSocket, pairs: readonly Pair[]): void {
  const names = pairs.flatMap(({ hostName }) => [hostName, shaperNameOf(hostName)]);
  const links = names.length <= FEW ? findLinks(socket, names) : listLinks(socket);
  deleteLinks(
    socket,
    pairLinks(
      links.filter((link) => link !== undefined),
      pairs,
    ),
  );
}

/** Those of `links` that belong to the pairs. */
export function pairLinks(links: readonly LinkRecord[], pairs: readonly Pair[]): readonly LinkRecord[] {
  const present = new Map(links.map((link) => [link.name, link]));
  return pairs.flatMap(({ hostName, key }) => {
    const both = [
      { name: hostName, kind: "veth" },
      { name: shaperNameOf(hostName), kind: "ifb" },
    ];
    return both.flatMap(({ name, kind }) => {
      const link = present.get(name);
      return link?.kind === kind && isOurs(link, key) ? [link] : [];
    });
  });
}

function isOurs({ alias = "" }: LinkRecord, key: PodKey): boolean {
  return !alias.startsWith(`${POD_ALIAS}:`) || isMarkOf(key, alias);
}
