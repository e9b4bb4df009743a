import { decodeLink, encodeLinkDelete, encodeLinkGet, type LinkRecord } from "@pharos/kernel/netlink";
import type { NetlinkSocket } from "../linux/netlink-socket.ts";

/** The link of this name in the socket's namespace, or undefined. */
export function findLink(socket: NetlinkSocket, name: string): LinkRecord | undefined {
  const [replies] = socket.exchange([{ what: `look up ${name}`, bytes: encodeLinkGet({ name }), tolerate: ["ENODEV"] }]);
  return (replies ?? []).map(decodeLink).find((link) => link?.name === name);
}

/** Deletes a link; one that is gone already is success. */
export function deleteLink(socket: NetlinkSocket, { index, name }: LinkRecord): void {
  socket.exchange([{ what: `delete ${name}`, bytes: encodeLinkDelete({ index }), tolerate: ["ENODEV"] }]);
}
