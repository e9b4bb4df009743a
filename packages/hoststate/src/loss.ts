import type { Link } from "./network/links.ts";
import { isIpv6 } from "./network/route-section.ts";
import type { Route } from "./network/routes.ts";
import { linkOfSysctl } from "./network/sysctl-section.ts";
import { containsIp, parseIp, parsePrefix } from "./prefix.ts";
import type { HostState } from "./section.ts";

/** These links and those that the kernel deletes with them: a veth's peer, the macvlans on a parent. */
function withDependents(links: readonly Link[], names: ReadonlySet<string>): ReadonlySet<string> {
  const gone = new Set(names);
  for (let before = -1; before !== gone.size; ) {
    before = gone.size;
    for (const link of links) {
      if ((link.kind === "macvlan" && gone.has(link.parent)) || (link.kind === "veth" && gone.has(link.peer))) gone.add(link.name);
    }
  }
  return gone;
}

/** The link that a route leaves through: its own, else the one with an address in the gateway's subnet. */
export function linkOfRoute(state: HostState, route: Route): string | undefined {
  const gateway = route.gateway === undefined ? undefined : parseIp(route.gateway);
  if (route.link !== undefined || gateway === undefined) return route.link;
  return state.addresses.find(({ address }) => {
    const prefix = parsePrefix(address);
    return prefix !== undefined && containsIp(prefix, gateway);
  })?.link;
}

/** What is left of a state when links are deleted: their addresses, routes and sysctls go, their ports are without a bridge. */
export function withoutLinks(state: HostState, names: ReadonlySet<string>): HostState {
  if (names.size === 0) return state;
  const gone = withDependents(state.links, names);
  const isGone = (link: string | undefined): boolean => link !== undefined && gone.has(link);
  return {
    ...state,
    links: state.links
      .filter((link) => !gone.has(link.name))
      .map((link) => (typeof link.master === "string" && gone.has(link.master) ? { ...link, master: null } : link)),
    sysctls: state.sysctls.filter(({ path }) => !isGone(linkOfSysctl(path))),
    addresses: state.addresses.filter(({ link }) => !gone.has(link)),
    routes: state.routes.filter((route) => !isGone(linkOfRoute(state, route))),
  };
}

/**
 * Links that have IPv4 addresses in `before` and none in `after`. The kernel drops all IPv4 routes of a link with its last
 * IPv4 address, also those that need none.
 */
export function drainedLinks(before: HostState, after: HostState): ReadonlySet<string> {
  const linksOf = (state: HostState): Set<string> =>
    new Set(state.addresses.filter(({ address }) => !address.includes(":")).map(({ link }) => link));
  const still = linksOf(after);
  return new Set([...linksOf(before)].filter((link) => !still.has(link)));
}

/** True for a route that goes when its link is drained. */
export function goesWhenDrained(state: HostState, route: Route, drained: ReadonlySet<string>): boolean {
  const link = linkOfRoute(state, route);
  return !isIpv6(route) && route.type === "unicast" && link !== undefined && drained.has(link);
}
