import { decodeLink, encodeLinkChange } from "@pharos/kernel/netlink";
import type { Sides } from "./fault.ts";
import type { Raised } from "./interface.ts";
import { linkRequest } from "./links.ts";

const LIMIT_MS = 1000;
/** Pauses between two looks: the first, and the longest. */
const PAUSE_MS = { first: 0.1, longest: 2 };

/**
 * Ends an ADD: waits until the bridge passes what new interfaces send, and has them tell their addresses to their neighbours, which may
 * know them with the hardware address of a former holder. What the kernel would send when the link comes up is lost.
 */
export function announce({ host, pod }: Sides, raised: readonly Raised[]): void {
  const fresh = raised.filter(({ pair }) => pair.pod === undefined);
  const names = fresh.map(({ attachment }) => attachment.hostName);
  if (names.length === 0) return;
  awaitOpenPorts(host, names);
  // Setting the address that it has makes the kernel notify, by arp_notify and ndisc_notify.
  pod.exchange(
    fresh.map(({ attachment: { mac, key }, pair }) => ({
      what: `announce ${key.ifname}`,
      bytes: encodeLinkChange({ index: pair.podIndex, mac }),
    })),
  );
}

/**
 * Waits until the bridge passes what comes by its ports of these names. The kernel opens a port by a work of its own, some time after its
 * link came up, and drops until then. A bridge that takes part in a spanning tree is not waited for.
 */
export function awaitOpenPorts(host: Sides["host"], names: readonly string[]): void {
  let pause = PAUSE_MS.first;
  for (let waited = 0; waited < LIMIT_MS && hasClosedPort(host, names); waited += pause) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
    pause = Math.min(pause * 1.5, PAUSE_MS.longest);
  }
}

function hasClosedPort(host: Sides["host"], names: readonly string[]): boolean {
  const replies = host.exchange(names.map(linkRequest));
  return replies.flatMap((reply) => reply.flatMap((message) => decodeLink(message) ?? [])).some(({ port }) => port?.isDisabled === true);
}
