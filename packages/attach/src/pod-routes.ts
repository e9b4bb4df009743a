import type { PodBridge } from "@pharos/hoststate";
import type { PodAddress } from "./choose-addresses.ts";
import { familyOf } from "./requested-addresses.ts";

/** A route in a pod. */
export interface PodRoute {
  /** Canonical prefix. */
  readonly dst: string;
  /** Absent: the destination is on the link. */
  readonly gw?: string;
}

/** IPv4 multicast. IPv6 needs no route: the kernel has one for ff00::/8 on each link that is up. */
const MULTICAST = "224.0.0.0/4";

/**
 * The routes of the bridge for the families that the pod has, then the further ones; without a gateway of their own they go by the
 * bridge's. Only the primary interface gets default routes, and the route by which a socket without a chosen interface sends
 * multicast (DDS and SOME/IP discovery do).
 */
export function podRoutes(of: {
  readonly bridge: PodBridge;
  readonly addresses: readonly PodAddress[];
  readonly isPrimary: boolean;
  readonly further: readonly PodRoute[];
}): readonly PodRoute[] {
  const gateways = new Map(of.addresses.map(({ address, gateway }) => [familyOf(address), gateway]));
  const ofBridge = of.bridge.routes.flatMap(({ dst, gw }) => {
    const via = gw ?? gateways.get(familyOf(dst));
    return [via === undefined ? { dst } : { dst, gw: via }];
  });
  const usable = [...of.further, ...ofBridge].filter(({ dst }) => gateways.has(familyOf(dst)) && (of.isPrimary || !isDefault(dst)));
  const routes = firstOfEach(usable);
  const needsMulticast = of.isPrimary && gateways.has("ipv4") && !routes.some(({ dst }) => dst === MULTICAST);
  return needsMulticast ? [...routes, { dst: MULTICAST }] : routes;
}

/** Where two interfaces of a pod would have a route to one destination, the first has it: one network namespace has one table. */
export function withoutRepeated<T extends { readonly routes: readonly PodRoute[] }>(interfaces: readonly T[]): readonly T[] {
  const seen = new Set<string>();
  return interfaces.map((one) => {
    const routes = one.routes.filter(({ dst }) => !seen.has(dst));
    for (const { dst } of routes) seen.add(dst);
    return { ...one, routes };
  });
}

function firstOfEach(routes: readonly PodRoute[]): readonly PodRoute[] {
  return routes.filter(({ dst }, index) => routes.findIndex((other) => other.dst === dst) === index);
}

function isDefault(dst: string): boolean {
  return dst.endsWith("/0");
}
