import type { LedgerEntry } from "@pharos/ledger";
import { bindLibc } from "../linux/libc.ts";
import { type NetNamespace, openNetNamespace } from "../linux/net-namespace.ts";
import { NetlinkSocket } from "../linux/netlink-socket.ts";
import { findLink } from "../plumb/links.ts";
import { PacketSocket } from "./packet-socket.ts";

/** /var/run is /run (FHS 3.0); in the agent's image it may be missing. */
const ALIAS = /^\/var\/run\//;

/** A link in a pod's network namespace. */
export interface PodLink {
  readonly namespace: NetNamespace;
  readonly index: number;
}

/** Opens a socket on the link for the time of `work`. */
export function withSocket<T>({ namespace, index }: PodLink, work: (socket: PacketSocket) => T): T {
  const socket = namespace.run(() => new PacketSocket(index));
  try {
    return work(socket);
  } finally {
    socket.close();
  }
}

/**
 * The pod's end of an entry of the ledger, its namespace open; undefined when the pod is gone. A path that leads to another pod by now
 * shows by the hardware address.
 */
export function openPodLink({ netns = "", key, mac }: LedgerEntry): PodLink | undefined {
  const namespace = opened(netns) ?? (ALIAS.test(netns) ? opened(netns.replace(ALIAS, "/run/")) : undefined);
  if (namespace === undefined) return undefined;
  const index = namespace.run(() => indexOf(key.ifname, mac));
  if (index !== undefined) return { namespace, index };
  namespace.close();
  return undefined;
}

function opened(path: string): NetNamespace | undefined {
  try {
    return openNetNamespace(path);
  } catch {
    return undefined;
  }
}

/** Index of the link of this name and hardware address in this thread's namespace. */
function indexOf(name: string, mac: string): number | undefined {
  const netlink = new NetlinkSocket(bindLibc());
  try {
    const link = findLink(netlink, name);
    return link?.mac === mac ? link.index : undefined;
  } finally {
    netlink.close();
  }
}
