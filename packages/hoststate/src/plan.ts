import { isIpv6 } from "./network/route-section.ts";
import type { Change, Changes, Items, SectionName } from "./section.ts";
import { SECTIONS } from "./state.ts";
import type { Step, StepKind } from "./step.ts";

/**
 * The order of kinds: filters before there is anything to filter, what carries before what is carried, new before old. So a
 * replaced address or route leaves no gap, and a file (which programs read) describes what is already there.
 */
const ORDER: Readonly<Record<StepKind, number>> = {
  "firewall.apply": 0,
  "link.create": 1,
  "link.set": 1,
  "sysctl.set": 2,
  "address.add": 3,
  "policy-rule.add": 4,
  "route.replace": 5,
  "route.delete": 6,
  "policy-rule.delete": 7,
  "address.delete": 8,
  "link.delete": 10,
  "file.write": 11,
  "file.delete": 12,
};
/** Routes that the deletion of addresses would take along come after it. */
const AFTER_ADDRESS_DELETION = 9;

/** The steps that make the changes, in an order in which the kernel accepts each and connectivity is never lost without need. */
export function planOf(changes: Changes): Step[] {
  const names = Object.keys(SECTIONS) as SectionName[];
  const steps = names.flatMap((section) => sectionSteps(section, changes));
  const lastLinkWrite = steps.findLastIndex(({ kind }) => kind === "link.create" || kind === "link.set");
  const drained = drainedBy(changes);
  const ranked = steps.map((step, index) => ({ step, rank: rankOf(step, index < lastLinkWrite, drained) }));
  return ranked.sort((a, b) => a.rank - b.rank).map(({ step }) => step);
}

function sectionSteps<S extends SectionName>(section: S, changes: Changes): readonly Step[] {
  return SECTIONS[section].steps(changes[section] as readonly Change<Items[S]>[]);
}

/** The link section puts a deletion before the other link steps where these need it. */
function rankOf(step: Step, beforeLinkWrites: boolean, drained: ReadonlySet<string>): number {
  if (step.kind === "link.delete" && beforeLinkWrites) return ORDER["link.create"];
  const late = step.kind === "route.replace" && !isIpv6(step.route) && step.route.link !== undefined && drained.has(step.route.link);
  return late ? AFTER_ADDRESS_DELETION : ORDER[step.kind];
}

/** Links that lose an IPv4 address and get none: perhaps their last, and with it all IPv4 routes. */
function drainedBy({ addresses }: Changes): ReadonlySet<string> {
  const lose = new Set<string>();
  const get = new Set<string>();
  for (const change of addresses) {
    const { link, address } = change.kind === "delete" ? change.observed : change.desired;
    if (!address.includes(":")) (change.kind === "delete" ? lose : get).add(link);
  }
  return new Set([...lose].filter((link) => !get.has(link)));
}
