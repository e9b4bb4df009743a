import { isMarkOf } from "@pharos/attach";
import type { ObservedLink } from "@pharos/kernel";
import { keyText, type LedgerEntry } from "@pharos/ledger";
import type { NetnsState } from "./netns-state.ts";

/** What the host shows of its pods. */
export interface SeenPods {
  readonly bootId: string;
  readonly links: readonly ObservedLink[];
  /** How many of a pod's elements its nft table lacks. */
  readonly missingElements: ReadonlyMap<LedgerEntry, number>;
  readonly netns: (entry: LedgerEntry) => NetnsState;
}

/** What entries of the ledger come to. Those that are as they should be are in no list. */
export interface PodFindings {
  /** The plugin can mend them. */
  readonly damaged: readonly DamagedPod[];
  /** Not as they should be, and nothing that this agent can mend. */
  readonly helpless: readonly HelplessPod[];
  /** Gone for good; an interface that goes with another dead one is left out. */
  readonly dead: readonly LedgerEntry[];
}

export interface DamagedPod {
  /** The interface that the runtime knows of; what else the pod has is mended with it. */
  readonly entry: LedgerEntry;
  /** How the agent reaches the pod's network namespace. */
  readonly netns: string;
  /** In words. */
  readonly what: readonly string[];
}

export interface HelplessPod {
  readonly entry: LedgerEntry;
  readonly why: string;
}

/**
 * Compares entries with what the host shows. A pod is dead only when it is of an earlier boot, or when both its network namespace
 * and its link are gone: whatever cannot be told keeps it alive.
 */
export function judgePods(entries: readonly LedgerEntry[], seen: SeenPods): PodFindings {
  const links = new Map(seen.links.map((link) => [link.name, link]));
  const primaries = new Map(entries.filter(({ primary }) => primary === undefined).map((entry) => [keyText(entry.key), entry]));
  const primaryOf = (entry: LedgerEntry) =>
    entry.primary === undefined ? undefined : primaries.get(keyText({ ...entry.key, ifname: entry.primary }));
  const isDead = (entry: LedgerEntry) => entry.bootId !== seen.bootId || (!links.has(entry.hostName) && seen.netns(entry).kind === "gone");
  const dead = new Set(entries.filter(isDead));
  const damaged = new Map<LedgerEntry, DamagedPod>();
  const helpless: HelplessPod[] = [];
  for (const entry of entries.filter((one) => !dead.has(one))) {
    const what = damageOf(entry, links, seen);
    if (what.length === 0) continue;
    const netns = seen.netns(entry);
    const owner = primaryOf(entry) ?? entry;
    if (!links.has(entry.bridge)) helpless.push({ entry, why: `the bridge ${entry.bridge} is missing` });
    else if (netns.kind !== "there") helpless.push({ entry, why: `${what.join(", ")}; its network namespace cannot be reached` });
    else damaged.set(owner, { entry: owner, netns: netns.path, what: [...(damaged.get(owner)?.what ?? []), ...what] });
  }
  const alone = [...dead].filter((entry) => {
    const owner = primaryOf(entry);
    return owner === undefined || !dead.has(owner);
  });
  return { damaged: [...damaged.values()], helpless, dead: alone };
}

function damageOf(entry: LedgerEntry, links: ReadonlyMap<string, ObservedLink>, { missingElements }: SeenPods): readonly string[] {
  const missing = missingElements.get(entry) ?? 0;
  return [...linkDamage(entry, links.get(entry.hostName)), ...(missing === 0 ? [] : [`${missing} elements of its nft sets are missing`])];
}

function linkDamage({ key, bridge, hostName }: LedgerEntry, link: ObservedLink | undefined): readonly string[] {
  if (link === undefined) return [`${hostName} is missing`];
  return [
    ...(link.up ? [] : [`${hostName} is down`]),
    ...(link.master === bridge ? [] : [`${hostName} is not a port of ${bridge}`]),
    ...(isMarkOf(key, link.alias ?? "") ? [] : [`${hostName} lost its mark`]),
  ];
}
