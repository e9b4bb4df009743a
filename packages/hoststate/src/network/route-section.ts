import { formatPrefix, networkOf, parseIp, parsePrefix, sameIp } from "../prefix.ts";
import type { Section } from "../section.ts";
import type { Route } from "./routes.ts";

const MAIN_TABLE = 254;
/** What the kernel makes of metric 0 in IPv6. */
const IPV6_METRIC = 1024;

/** True for a route of the IPv6 family. */
export function isIpv6(route: Route): boolean {
  return route.destination.includes(":");
}

function metricOf(route: Route): number {
  return route.metric === 0 && isIpv6(route) ? IPV6_METRIC : route.metric;
}

function key(route: Route): string {
  const prefix = parsePrefix(route.destination);
  const destination = prefix === undefined ? route.destination : formatPrefix(networkOf(prefix));
  return `${destination} table ${route.table} metric ${metricOf(route)}`;
}

function sameAddress(a: string | undefined, b: string | undefined): boolean {
  const [one, other] = [parseIp(a ?? ""), parseIp(b ?? "")];
  return one === undefined || other === undefined ? a === b : sameIp(one, other);
}

/** A gateway, source or MTU that is not desired is a difference: these change where packets go. Link and scope are the kernel's to derive. */
function equal(observed: Route, desired: Route): boolean {
  if (observed.type !== desired.type) return false;
  if (desired.type !== "unicast") return true;
  const scope = isIpv6(desired) || desired.scope === undefined || desired.scope === observed.scope;
  const link = desired.link === undefined || desired.link === observed.link;
  const ends = sameAddress(observed.gateway, desired.gateway) && sameAddress(observed.source, desired.source);
  return scope && link && ends && observed.mtu === desired.mtu;
}

function text(route: Route): readonly string[] {
  const parts = [
    route.type === "unicast" ? "" : `${route.type} `,
    route.destination,
    route.gateway === undefined ? "" : ` via ${route.gateway}`,
    route.link === undefined ? "" : ` on ${route.link}`,
    route.source === undefined ? "" : ` source ${route.source}`,
    route.scope === undefined ? "" : ` scope ${route.scope}`,
    route.table === MAIN_TABLE ? "" : ` table ${route.table}`,
    route.metric === 0 ? "" : ` metric ${route.metric}`,
    route.mtu === undefined ? "" : ` mtu ${route.mtu}`,
  ];
  return [parts.join("")];
}

/** Routes by destination, table and metric, which is what the kernel allows one of. */
export const routeSection: Section<Route> = {
  key,
  equal,
  steps: (changes) => [
    ...changes.flatMap((change) => (change.kind === "delete" ? [] : [{ kind: "route.replace", route: change.desired } as const])),
    ...changes.flatMap((change) => (change.kind === "delete" ? [{ kind: "route.delete", route: change.observed } as const] : [])),
  ],
  text,
};
