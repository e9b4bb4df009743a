import type { PodBridge, PodNetworkData, PodRange } from "@pharos/hoststate";

/** A range of a subnet that this host has alone, from the second address (behind the gateway, the first) to the one that ends in `last`: `10.9.0.0/24`, `fd09::/64`. */
export function rangeOf(subnet: string, last: string): PodRange {
  const start = subnet.replace(/0?\/\d+$/, "");
  return { subnet, block: subnet, rangeStart: `${start}2`, rangeEnd: `${start}${last}`, gateway: `${start}1`, exclude: [] };
}

/** A bridge that is its pods' gateway and way outside. */
export function bridgeOf(name: string, ranges: readonly PodRange[], more: Partial<PodBridge> = {}): PodBridge {
  const families = new Set(ranges.map(({ subnet }) => (subnet.includes(":") ? "::/0" : "0.0.0.0/0")));
  return { name, isGateway: true, ipMasq: false, ranges, routes: [...families].map((dst) => ({ dst })), ...more };
}

/** A host's bridges, of which the first is the default. */
export function networkOf(...bridges: readonly PodBridge[]): PodNetworkData {
  const [first] = bridges;
  return { version: 1, ...(first === undefined ? {} : { defaultBridge: first.name }), bridges };
}
