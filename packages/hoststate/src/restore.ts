import { drainedLinks, goesWhenDrained } from "./loss.ts";
import { needsNewLink } from "./network/link-section.ts";
import type { Link } from "./network/links.ts";
import type { Route } from "./network/routes.ts";
import type { Change, HostState } from "./section.ts";
import { byKey, SECTIONS } from "./state.ts";

type Write<Item> = Exclude<Change<Item>, { kind: "delete" }>;

/** Adds the routes that stay as they are but that the kernel drops with their link's last IPv4 address. */
export function withRestored(changes: readonly Change<Route>[], observed: HostState, desired: HostState): readonly Change<Route>[] {
  const drained = drainedLinks(observed, desired);
  if (drained.size === 0) return changes;
  const key = SECTIONS.routes.key;
  const changed = new Set(changes.map((change) => key(change.kind === "delete" ? change.observed : change.desired)));
  const is = byKey("routes", observed.routes);
  const restored = desired.routes.flatMap((route): Change<Route>[] => {
    const before = is.get(key(route));
    if (before === undefined || changed.has(key(route)) || !goesWhenDrained(observed, before, drained)) return [];
    return [{ kind: "update", observed: before, desired: route }];
  });
  return [...changes, ...restored];
}

/**
 * A bridge takes the smallest MTU of its ports, unless somebody set it, which cannot be observed. So a bridge with an MTU in its
 * document is set once more when a port with a smaller one joins, and when one goes or changes to which the bridge may owe its own.
 */
export function withKeptMtu(changes: readonly Change<Link>[], observed: HostState, desired: HostState): readonly Change<Link>[] {
  const before = byKey("links", observed.links);
  const changed = new Set(changes.map((change) => (change.kind === "delete" ? change.observed : change.desired).name));
  const kept = desired.links.flatMap((bridge): Change<Link>[] => {
    const is = before.get(bridge.name);
    if (bridge.kind !== "bridge" || bridge.mtu === undefined || is === undefined || changed.has(bridge.name)) return [];
    const wanted = { name: bridge.name, mtu: bridge.mtu };
    const moved = changes.some((change) => lowers(change, wanted) || sets(change, wanted));
    return moved ? [{ kind: "update", observed: is, desired: bridge }] : [];
  });
  return kept.length === 0 ? changes : [...changes, ...kept];
}

interface WantedBridge {
  readonly name: string;
  readonly mtu: number;
}

/** True when a port with a smaller MTU joins. */
function lowers(change: Change<Link>, { name, mtu }: WantedBridge): boolean {
  if (change.kind === "delete" || change.desired.master !== name) return false;
  return (change.kind === "create" || change.observed.master !== name) && mtuAfter(change) < mtu;
}

/** True when a port whose MTU is the bridge's leaves, is made anew, or gets another. */
function sets(change: Change<Link>, { name, mtu }: WantedBridge): boolean {
  if (change.kind === "create" || change.observed.master !== name || change.observed.mtu !== mtu) return false;
  if (change.kind === "delete" || needsNewLink(change.observed, change.desired)) return true;
  return (change.desired.master !== undefined && change.desired.master !== name) || mtuAfter(change) !== mtu;
}

/** 0 when it is not known. */
function mtuAfter(change: Write<Link>): number {
  return change.desired.mtu ?? (change.kind === "update" ? change.observed.mtu : undefined) ?? 0;
}
