import { withoutLinks } from "./loss.ts";
import { withReferrers } from "./network/firewall-references.ts";
import { needsNewLink } from "./network/link-section.ts";
import type { Link } from "./network/links.ts";
import { withKeptMtu, withRestored } from "./restore.ts";
import type { Change, Changes, HostState, Items, SectionName } from "./section.ts";
import { byKey, bySection, normalize, SECTIONS } from "./state.ts";

/**
 * What must change for `observed` to become `desired`, by key order. It counts in what the kernel takes along: things on a link
 * that is deleted for good need no deletion; those on a link that is made anew are created; what the change would spoil on the way
 * (a route, a bridge's MTU, a firewall object that refers to a replaced one) appears as an update from the item to itself.
 */
export function diff(observed: HostState, desired: HostState): Changes {
  const is = normalize(observed);
  const should = normalize(desired);
  const wanted = byKey("links", should.links);
  const going = new Set(is.links.filter((link) => goes(link, wanted.get(link.name))).map(({ name }) => name));
  const left = stillPorts(withoutLinks(is, going), is, wanted);
  const known: HostState = {
    ...left,
    links: normalize({ ...left, links: [...left.links, ...is.links.filter(({ name }) => going.has(name))] }).links,
  };
  const changes = bySection<Changes>((section) => diffSection(section, known, should));
  return {
    ...changes,
    firewall: withReferrers(changes.firewall, should.firewall),
    links: withKeptMtu(changes.links, left, should),
    routes: withRestored(changes.routes, left, should),
  };
}

/** A bridge that goes for good goes at the end of a plan: until then its ports are taken, and a step must free them. */
function stillPorts(left: HostState, observed: HostState, wanted: ReadonlyMap<string, Link>): HostState {
  const before = byKey("links", observed.links);
  const links = left.links.map((link) => {
    const master = before.get(link.name)?.master;
    return typeof master === "string" && !wanted.has(master) ? { ...link, master } : link;
  });
  return { ...left, links };
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

/** True when there is nothing to do. */
export function isEmpty(changes: Changes): boolean {
  return Object.values(changes).every((ofSection) => ofSection.length === 0);
}
