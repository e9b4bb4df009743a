import type { Checked, Finding } from "@pharos/base";
import { bySection, EMPTY_STATE, type HostState, type Items, keyOf, normalize, type SectionName } from "@pharos/hoststate";
import { CLAIMED_TWICE } from "../codes.ts";
import type { Contribution } from "../contribution.ts";
import { canonicalJson } from "../freeze/canonical-json.ts";

/** What one feature adds, with the feature's name for findings. */
export interface NamedContribution {
  readonly feature: string;
  readonly contribution: Contribution;
}

/**
 * Joins what features contribute to one state, whatever their order. Equal claims on one key are one; unequal ones are a finding,
 * and the state has the claim of the feature whose name sorts first.
 */
export function merge(contributions: readonly NamedContribution[]): Checked<HostState> {
  const findings: Finding[] = [];
  const ordered = [...contributions].sort((a, b) => (a.feature < b.feature ? -1 : 1));
  const state = bySection<HostState>((section) => joined(section, ordered, findings));
  return { value: normalize(state), findings };
}

interface Claim<Item> {
  readonly feature: string;
  readonly item: Item;
}

function joined<S extends SectionName>(section: S, contributions: readonly NamedContribution[], findings: Finding[]): HostState[S] {
  const claims = new Map<string, Claim<Items[S]>>();
  for (const { feature, contribution } of contributions) {
    const items = (contribution[section] ?? EMPTY_STATE[section]) as readonly Items[S][];
    for (const item of items) {
      const key = keyOf(section, item);
      const earlier = claims.get(key);
      if (earlier === undefined) claims.set(key, { feature, item });
      else if (canonicalJson(earlier.item) !== canonicalJson(item)) findings.push(claimedTwice(section, key, [earlier.feature, feature]));
    }
  }
  return [...claims.values()].map(({ item }) => item) as unknown[] as HostState[S];
}

function claimedTwice(section: SectionName, key: string, [first, second]: readonly [string, string]): Finding {
  return {
    code: CLAIMED_TWICE.code,
    severity: "ERROR",
    path: `${section}[${key}]`,
    description: `the features ${first} and ${second} want different things of ${section} ${key}`,
    recommendation: CLAIMED_TWICE.action,
  };
}
