import { isMarkOf, POD_ALIAS, type PodKey } from "@pharos/attach";
import type { NetlinkSocket } from "../linux/netlink-socket.ts";
import { deleteLink, findLink } from "./links.ts";

/**
 * Removes the pair of an attachment by its host's end; the pod's end goes with it. A link that is gone is success. A link of
 * that name that bears the mark of another is left alone; one without a mark is ours, from a crash between creation and marking.
 */
export function removePair(socket: NetlinkSocket, hostName: string, key: PodKey): void {
  const link = findLink(socket, hostName);
  if (link?.kind !== "veth") return;
  const mark = link.alias ?? "";
  if (!mark.startsWith(`${POD_ALIAS}:`) || isMarkOf(key, mark)) deleteLink(socket, link);
}
