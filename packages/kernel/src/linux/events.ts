import type { SectionName } from "@pharos/hoststate";
import type { KernelEvent } from "../kernel.ts";
import { RTM, RTNLGRP } from "../netlink/constants.ts";
import { messagesOf } from "../netlink/message.ts";
import { openGuarded } from "../netlink/overrun-guard.ts";
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

/** How long after the last message of a burst the kernel is asked whether some were lost. */
const DROPS_AFTER_MS = 20;

interface Listener {
  readonly protocol: number;
  readonly groups: readonly number[];
  sectionOf(type: number): SectionName | undefined;
}

const LISTENERS: readonly Listener[] = [
  { protocol: NETLINK_ROUTE, groups: Object.values(RTNLGRP), sectionOf: (type) => ROUTE_SECTIONS.get(type) },
  {
    protocol: NETLINK_NETFILTER,
    groups: [NFNLGRP_NFTABLES],
    sectionOf: (type) => (type >> 8 === NFNL_SUBSYS_NFTABLES ? "firewall" : undefined),
  },
];

/** Opens the listener's socket in the namespace of the calling thread; the returned function closes it. */
function listen(context: LinuxContext, { protocol, groups, sectionOf }: Listener, queue: EventQueue): () => void {
  const { socket, drops } = openGuarded(protocol, { recvBufferSize: RECEIVE_BUFFER_BYTES, sendBufferSize: 1 << 16 });
  let lost = 0;
  let timer: NodeJS.Timeout | undefined;
  const lookForDrops = (): void => {
    timer = undefined;
    const now = context.inside(drops);
    if (now !== lost) queue.put("overrun");
    lost = now;
  };
  for (const group of groups) socket.addMembership(group);
  socket.on("message", (bytes) => {
    for (const { type } of messagesOf(bytes)) {
      const section = sectionOf(type);
      if (section !== undefined) queue.put(section);
    }
    timer ??= setTimeout(lookForDrops, DROPS_AFTER_MS);
  });
  socket.on("error", () => queue.put("overrun"));
  socket.on("truncatedMessage", () => queue.put("overrun"));
  return () => {
    clearTimeout(timer);
    socket.close();
  };
}

/** Listens to changes of links, addresses, routes, policy rules and nftables in the namespace until `signal` aborts. */
export async function* watchKernel(context: LinuxContext, signal: AbortSignal): AsyncGenerator<KernelEvent> {
  const queue = new EventQueue();
  const onAbort = (): void => queue.wake();
  const closers = context.inside(() => LISTENERS.map((listener) => listen(context, listener, queue)));
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    yield* queue.take(signal);
  } finally {
    signal.removeEventListener("abort", onAbort);
    for (const close of closers) close();
  }
}
