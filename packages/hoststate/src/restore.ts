import { drainedLinks, goesWhenDrained } from "./loss.ts";
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
 * A new port with a smaller MTU lowers that of its bridge, unless somebody set it, which cannot be observed. So a bridge with
 * an MTU in its document is set once more when such a port joins.
 */
export function withKeptMtu(changes: readonly Change<Link>[], observed: HostState, desired: HostState): readonly Change<Link>[] {
  const before = byKey("links", observed.links);
  const changed = new Set(changes.map((change) => (change.kind === "delete" ? change.observed : change.desired).name));
  const kept = desired.links.flatMap((bridge): Change<Link>[] => {
    const is = before.get(bridge.name);
    if (bridge.kind !== "bridge" || bridge.mtu === undefined || is === undefined || changed.has(bridge.name)) return [];
    const lowered = changes.some(
      (change) => change.kind !== "delete" && joins(change, bridge.name) && mtuAfter(change) < (bridge.mtu ?? 0),
    );
    return lowered ? [{ kind: "update", observed: is, desired: bridge }] : [];
  });
  return kept.length === 0 ? changes : [...changes, ...kept];
}

function joins(change: Write<Link>, bridge: string): boolean {
  return change.desired.master === bridge && (change.kind === "create" || change.observed.master !== bridge);
}

/** 0 when it is not known. */
function mtuAfter(change: Write<Link>): number {
  return change.desired.mtu ?? (change.kind === "update" ? change.observed.mtu : undefined) ?? 0;
}
