import { fileSection } from "./file-section.ts";
import { addressSection } from "./network/address-section.ts";
import { firewallSection } from "./network/firewall-section.ts";
import { linkSection } from "./network/link-section.ts";
import { policyRuleSection } from "./network/policy-rule-section.ts";
import { routeSection } from "./network/route-section.ts";
import { sysctlSection } from "./network/sysctl-section.ts";
import type { HostState, Items, Scope, SectionName, Sections } from "./section.ts";

/** What each section knows about its items. */
export const SECTIONS: Sections = {
  firewall: firewallSection,
  links: linkSection,
  sysctls: sysctlSection,
  addresses: addressSection,
  policyRules: policyRuleSection,
  routes: routeSection,
  files: fileSection,
};

/** A host on which nothing of ours runs. */
export const EMPTY_STATE: HostState = { firewall: [], links: [], sysctls: [], addresses: [], policyRules: [], routes: [], files: [] };

/** Builds a record with one value per section. */
export function bySection<R extends Record<SectionName, unknown>>(make: <S extends SectionName>(section: S) => R[S]): R {
  const record: Record<SectionName, unknown> = {
    firewall: make("firewall"),
    links: make("links"),
    sysctls: make("sysctls"),
    addresses: make("addresses"),
    policyRules: make("policyRules"),
    routes: make("routes"),
    files: make("files"),
  };
  return record as R;
}

/** The identity of an item within its section. */
export function keyOf<S extends SectionName>(section: S, item: Items[S]): string {
  return SECTIONS[section].key(item);
}

/** The items of a section by key; of two with one key the last. */
export function byKey<S extends SectionName>(section: S, items: readonly Items[S][]): ReadonlyMap<string, Items[S]> {
  return new Map(items.map((item) => [keyOf(section, item), item]));
}

/** The same state with the items of each section sorted by key, so that equal states are deeply equal. */
export function normalize(state: HostState): HostState {
  return bySection<HostState>((section) => sorted(section, state[section]));
}

function sorted<S extends SectionName>(section: S, items: HostState[S]): HostState[S] {
  const keyed = (items as readonly Items[S][]).map((item) => ({ key: keyOf(section, item), item }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ item }) => item) as HostState[S];
}

/** The keys of all items of these states, for an observer. */
export function scopeOf(...states: readonly HostState[]): Scope {
  return bySection<Scope>(
    (section) =>
      new Set(states.flatMap((state) => (state[section] as readonly Items[typeof section][]).map((item) => keyOf(section, item)))),
  );
}
