import { encodeFrame, releaseOf } from "@pharos/dhcp";
import type { LedgerEntry } from "@pharos/ledger";
import { bindLibc } from "../linux/libc.ts";
import { NetlinkSocket } from "../linux/netlink-socket.ts";
import { findLink } from "../plumb/links.ts";
import { bootTime } from "./exchange.ts";
import { holderOf, holdsLease } from "./lease-entry.ts";
import { PacketSocket } from "./packet-socket.ts";
import { openPodLink, withSocket } from "./pod-socket.ts";

/**
 * Gives leases back to their servers, before the pods' links go. Nobody answers, and what does not get there ends by itself with the
 * lease's time, so no failure is an error. It is sent from the pod; where that is gone, from the bridge in its name.
 */
export function releaseLeases(entries: readonly LedgerEntry[], bootId: string): void {
  const leased = entries.filter((entry) => entry.lease !== undefined && entry.bootId === bootId);
  if (leased.length === 0) return;
  const now = bootTime();
  for (const entry of leased) {
    if (!holdsLease(entry, now)) continue;
    try {
      release(entry);
    } catch {
      // The server gets the address back when the lease's time is over.
    }
  }
}

function release(entry: LedgerEntry): void {
  const { lease } = entry;
  if (lease === undefined) return;
  const frame = encodeFrame(releaseOf(holderOf(entry, lease), lease));
  if (!sentFromPod(entry, frame)) sendFromBridge(entry.bridge, frame);
}

function sentFromPod(entry: LedgerEntry, frame: Uint8Array): boolean {
  const link = openPodLink(entry);
  if (link === undefined) return false;
  try {
    return withSocket(link, (socket) => socket.send(frame));
  } finally {
    link.namespace.close();
  }
}

/** It goes out by the bridge's ports, so a server on this host does not get it. */
function sendFromBridge(name: string, frame: Uint8Array): void {
  const netlink = new NetlinkSocket(bindLibc());
  try {
    const link = findLink(netlink, name);
    if (link === undefined) return;
    const socket = new PacketSocket(link.index);
    socket.send(frame);
    socket.close();
  } finally {
    netlink.close();
  }
}
