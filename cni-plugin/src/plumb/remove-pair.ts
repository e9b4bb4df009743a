import { isMarkOf, POD_ALIAS, type PodKey } from "@pharos/attach";
import type { NetlinkSocket } from "../linux/netlink-socket.ts";
import { shaperNameOf } from "./bandwidth.ts";
import { deleteLink, findLink } from "./links.ts";

/**
 * Removes the pair of an attachment by its host's end, with which the pod's end goes, and the link that limits what the pod sends. A link that is gone is success. A link of
 * that name that bears the mark of another is left alone; one without a mark is ours, from a crash between creation and marking.
 */
export function removePair(socket: NetlinkSocket, hostName: string, key: PodKey): void {
  removeMarked(socket, { name: hostName, kind: "veth" }, key);
  removeMarked(socket, { name: shaperNameOf(hostName), kind: "ifb" }, key);
}

function removeMarked(socket: NetlinkSocket, { name, kind }: { name: string; kind: string }, key: PodKey): void {
  const link = findLink(socket, name);
  if (link?.kind !== kind) return;
  const mark = link.alias ?? "";
  if (!mark.startsWith(`${POD_ALIAS}:`) || isMarkOf(key, mark)) deleteLink(socket, link);
}
