import type { Change, HostState, Section } from "../section.ts";
import type { Step } from "../step.ts";
import type { Link } from "./links.ts";

/** True when no change of the existing link leads to `desired`: it must be deleted and created again. */
export function needsNewLink(observed: Link, desired: Link): boolean {
  if (observed.kind === "physical" || desired.kind === "physical") return false;
  if (observed.kind === "veth" && desired.kind === "veth") return observed.peer !== desired.peer;
  if (observed.kind === "macvlan" && desired.kind === "macvlan") {
    const passthru = observed.mode === "passthru" || desired.mode === "passthru";
    return observed.parent !== desired.parent || (observed.mode !== desired.mode && passthru);
  }
  if (observed.kind === "vxlan" && desired.kind === "vxlan")
    return !sameFields(observed, desired, ["vni", "local", "remote", "port", "learning"]);
  return observed.kind !== desired.kind;
}

/** True when each field is absent in `desired` or equal in both. */
function sameFields<T extends Link>(observed: T, desired: T, fields: readonly (keyof T)[]): boolean {
  return fields.every((field) => desired[field] === undefined || desired[field] === observed[field]);
}

function sameCommon(observed: Link, desired: Link): boolean {
  const master = desired.master === undefined || (desired.master ?? undefined) === (observed.master ?? undefined);
  const state = observed.down === undefined || desired.down !== undefined;
  return state && master && sameFields(observed, desired, ["mtu", "mac"]);
}

function equal(observed: Link, desired: Link): boolean {
  if (!sameCommon(observed, desired)) return false;
  if (desired.kind === "physical") return true;
  if (observed.kind === "physical" || needsNewLink(observed, desired)) return false;
  if (observed.kind === "bridge" && desired.kind === "bridge") return sameFields(observed, desired, ["callIptables", "multicastSnooping"]);
  if (observed.kind === "macvlan" && desired.kind === "macvlan") return observed.mode === desired.mode;
  return true;
}

/** Names of links that must exist before this one is created or set. */
function needs(link: Link): readonly string[] {
  const below = link.kind === "macvlan" ? [link.parent] : [];
  return typeof link.master === "string" ? [link.master, ...below] : below;
}

/** Puts each link after those that it needs, else by name. */
function inOrderOfNeed(links: readonly Link[]): readonly Link[] {
  const byName = new Map(links.map((link) => [link.name, link]));
  const ordered = new Set<Link>();
  const visiting = new Set<Link>();
  const visit = (link: Link): void => {
    if (visiting.has(link)) return;
    visiting.add(link);
    for (const name of needs(link)) {
      const needed = byName.get(name);
      if (needed !== undefined) visit(needed);
    }
    ordered.add(link);
  };
  for (const name of [...byName.keys()].sort()) {
    const link = byName.get(name);
    if (link !== undefined) visit(link);
  }
  return [...ordered];
}

/** What a link holds must be free before another takes it: a tunnel's network identifier, a parent that is to become a port. */
function holdsExclusively(link: Link): boolean {
  return link.kind === "vxlan" || link.kind === "macvlan";
}

function steps(changes: readonly Change<Link>[]): readonly Step[] {
  const first: Step[] = [];
  const last: Step[] = [];
  const written = new Map<Link, Step>();
  for (const change of changes) {
    if (change.kind === "delete") (holdsExclusively(change.observed) ? first : last).push({ kind: "link.delete", link: change.observed });
    else if (change.kind === "create") written.set(change.desired, { kind: "link.create", link: change.desired });
    else if (needsNewLink(change.observed, change.desired)) {
      first.push({ kind: "link.delete", link: change.observed });
      written.set(change.desired, { kind: "link.create", link: change.desired });
    } else written.set(change.desired, { kind: "link.set", link: change.desired, observed: change.observed });
  }
  const middle = inOrderOfNeed([...written.keys()]).flatMap((link) => written.get(link) ?? []);
  return [...first, ...middle, ...last];
}

/** A foreign link leaves our bridge; else it stays as it is, also down: it may be one that a refused revision only named. */
function release(link: Link, observed: HostState): Link | undefined {
  if (link.kind !== "physical") return undefined;
  const inOurBridge = observed.links.some((other) => other.name === link.master && other.kind === "bridge");
  return inOurBridge ? { kind: "physical", name: link.name, master: null } : link;
}

function kindText(link: Link): string {
  switch (link.kind) {
    case "bridge":
      return ` call-iptables ${onOff(link.callIptables)} multicast-snooping ${onOff(link.multicastSnooping)}`;
    case "veth":
      return ` peer ${link.peer}`;
    case "macvlan":
      return ` parent ${link.parent} mode ${link.mode}`;
    case "vxlan":
      return ` vni ${link.vni}${given("local", link.local)}${given("remote", link.remote)} port ${link.port} learning ${onOff(link.learning)}`;
    default:
      return "";
  }
}

function onOff(value: boolean): string {
  return value ? "on" : "off";
}

function given(name: string, value: string | number | undefined): string {
  return value === undefined ? "" : ` ${name} ${value}`;
}

function text(link: Link): readonly string[] {
  const master = link.master === null ? " no-master" : given("master", link.master);
  const down = link.down === undefined ? "" : " down";
  return [`${link.kind} ${link.name}${kindText(link)}${master}${given("mtu", link.mtu)}${given("mac", link.mac)}${down}`];
}

/** Links by name. */
export const linkSection: Section<Link> = { key: (link) => link.name, equal, steps, release, text };
