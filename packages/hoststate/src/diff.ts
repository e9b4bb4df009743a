import { drainedLinks, goesWhenDrained, withoutLinks } from "./loss.ts";
import { withReferrers } from "./network/firewall-references.ts";
import { needsNewLink } from "./network/link-section.ts";
import type { Link } from "./network/links.ts";
import type { Route } from "./network/routes.ts";
import type { Change, Changes, HostState, Items, SectionName } from "./section.ts";
import { byKey, bySection, normalize, SECTIONS } from "./state.ts";

/**
 * What must change for `observed` to become `desired`, by key order. It counts in what the kernel takes along: things on a link
 * that is deleted for good need no deletion; those on a link that is made anew are created; routes that their link's last
 * IPv4 address takes along, and firewall objects that refer to a replaced one, appear as an update from the item to itself.
 */
export function diff(observed: HostState, desired: HostState): Changes {
  const is = normalize(observed);
  const should = normalize(desired);
  const wanted = byKey("links", should.links);
  const going = new Set(is.links.filter((link) => goes(link, wanted.get(link.name))).map(({ name }) => name));
  const left = withoutLinks(is, going);
  const known: HostState = {
    ...left,
    links: normalize({ ...left, links: [...left.links, ...is.links.filter(({ name }) => going.has(name))] }).links,
  };
  const changes = bySection<Changes>((section) => diffSection(section, known, should));
  return { ...changes, firewall: withReferrers(changes.firewall, should.firewall), routes: withRestored(changes.routes, left, should) };
}

function goes(observed: Link, desired: Link | undefined): boolean {
  return desired === undefined ? observed.kind !== "physical" : needsNewLink(observed, desired);
}

function diffSection<S extends SectionName>(section: S, observed: HostState, desired: HostState): Changes[S] {
  const { equal, release } = SECTIONS[section];
  const is = byKey(section, observed[section] as readonly Items[S][]);
  const should = byKey(section, desired[section] as readonly Items[S][]);
  const changes: Change<Items[S]>[] = [];
  for (const [key, item] of is) {
    if (should.has(key)) continue;
    const released = release?.(item, observed);
    if (released === undefined) changes.push({ kind: "delete", observed: item });
    else if (!equal(item, released)) changes.push({ kind: "update", observed: item, desired: released });
  }
  for (const [key, item] of should) {
    const before = is.get(key);
    if (before === undefined) changes.push({ kind: "create", desired: item });
    else if (!equal(before, item)) changes.push({ kind: "update", observed: before, desired: item });
  }
  return changes as Changes[S];
}

function withRestored(changes: readonly Change<Route>[], observed: HostState, desired: HostState): readonly Change<Route>[] {
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

/** True when there is nothing to do. */
export function isEmpty(changes: Changes): boolean {
  return Object.values(changes).every((ofSection) => ofSection.length === 0);
}
