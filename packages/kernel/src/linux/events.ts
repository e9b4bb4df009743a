import type { SectionName } from "@pharos/hoststate";
import { RawNetlinkSocket } from "netlink";
import type { KernelEvent } from "../kernel.ts";
import { RTM, RTNLGRP } from "../netlink/constants.ts";
import { messagesOf } from "../netlink/message.ts";
import type { LinuxContext } from "./context.ts";
import { EventQueue } from "./event-queue.ts";

const NETLINK_ROUTE = 0;
const NETLINK_NETFILTER = 12;
const NFNLGRP_NFTABLES = 7;
const NFNL_SUBSYS_NFTABLES = 10;
const RECEIVE_BUFFER_BYTES = 1 << 21;

const ROUTE_SECTIONS: ReadonlyMap<number, SectionName> = new Map([
  [RTM.NEWLINK, "links"],
  [RTM.DELLINK, "links"],
  [RTM.NEWADDR, "addresses"],
  [RTM.DELADDR, "addresses"],
  [RTM.NEWROUTE, "routes"],
  [RTM.DELROUTE, "routes"],
  [RTM.NEWRULE, "policyRules"],
  [RTM.DELRULE, "policyRules"],
] as const);

function listen(
  protocol: number,
  groups: readonly number[],
  queue: EventQueue,
  sectionOf: (type: number) => SectionName | undefined,
): RawNetlinkSocket {
  const socket = new RawNetlinkSocket(protocol, { recvBufferSize: RECEIVE_BUFFER_BYTES, sendBufferSize: 1 << 16 });
  for (const group of groups) socket.addMembership(group);
  socket.on("message", (bytes) => {
    for (const { type } of messagesOf(bytes)) {
      const section = sectionOf(type);
      if (section !== undefined) queue.put(section);
    }
  });
  // ENOBUFS, and any other error of a receiver, means that notifications are lost.
  socket.on("error", () => queue.put("overrun"));
  socket.on("truncatedMessage", () => queue.put("overrun"));
  return socket;
}

/** Listens to changes of links, addresses, routes, policy rules and nftables in the namespace until `signal` aborts. */
export async function* watchKernel(context: LinuxContext, signal: AbortSignal): AsyncGenerator<KernelEvent> {
  const queue = new EventQueue();
  const onAbort = (): void => queue.wake();
  const sockets = context.inside(() => [
    listen(NETLINK_ROUTE, Object.values(RTNLGRP), queue, (type) => ROUTE_SECTIONS.get(type)),
    listen(NETLINK_NETFILTER, [NFNLGRP_NFTABLES], queue, (type) => (type >> 8 === NFNL_SUBSYS_NFTABLES ? "firewall" : undefined)),
  ]);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    yield* queue.take(signal);
  } finally {
    signal.removeEventListener("abort", onAbort);
    for (const socket of sockets) socket.close();
  }
}
