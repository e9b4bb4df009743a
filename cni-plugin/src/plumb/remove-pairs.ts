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
  const wanted = pairs.flatMap(({ hostName, key }) => [
    { name: hostName, kind: "veth", key },
    { name: shaperNameOf(hostName), kind: "ifb", key },
  ]);
  const present = linksNamed(
    socket,
    wanted.map(({ name }) => name),
  );
  const links = wanted.flatMap(({ name, kind, key }) => {
    const link = present.get(name);
    return link?.kind === kind && isOurs(link, key) ? [link] : [];
  });
  deleteLinks(socket, links);
}

function linksNamed(socket: NetlinkSocket, names: readonly string[]): ReadonlyMap<string, LinkRecord> {
  const links = names.length <= FEW ? findLinks(socket, names) : listLinks(socket);
  return new Map(links.flatMap((link) => (link === undefined ? [] : [[link.name, link] as const])));
}

function isOurs({ alias = "" }: LinkRecord, key: PodKey): boolean {
  return !alias.startsWith(`${POD_ALIAS}:`) || isMarkOf(key, alias);
}
