import type { RenderedFile } from "./files.ts";
import type { Address } from "./network/addresses.ts";
import type { FirewallObject } from "./network/firewall.ts";
import type { Link } from "./network/links.ts";
import type { PolicyRule } from "./network/policy-rules.ts";
import type { Route } from "./network/routes.ts";
import type { Sysctl } from "./network/sysctls.ts";
import type { Step } from "./step.ts";

/** The sections of a host's state and the type of their items. A new kind of state is a new member here. */
export interface Items {
  readonly firewall: FirewallObject;
  readonly links: Link;
  readonly sysctls: Sysctl;
  readonly addresses: Address;
  readonly policyRules: PolicyRule;
  readonly routes: Route;
  readonly files: RenderedFile;
}

export type SectionName = keyof Items;

/** All that a host should run, or (as observed) all of ours that it runs. Items are sorted by key; keys are unique. */
export type HostState = { readonly [S in SectionName]: readonly Items[S][] };

/** A difference between what is and what should be, for one key. */
export type Change<Item> =
  | { readonly kind: "create"; readonly desired: Item }
  | { readonly kind: "update"; readonly observed: Item; readonly desired: Item }
  | { readonly kind: "delete"; readonly observed: Item };

export type Changes = { readonly [S in SectionName]: readonly Change<Items[S]>[] };

/** What a section knows about its items. All functions are pure. */
export interface Section<Item> {
  /** Identity of an item: two states hold "the same" item when keys are equal. */
  key(item: Item): string;
  /** True when the kernel needs no step to go from `observed` to `desired` (a field that `desired` leaves out is equal). */
  equal(observed: Item, desired: Item): boolean;
  /** The steps for all changes of the section. */
  steps(changes: readonly Change<Item>[]): readonly Step[];
  /**
   * For an item that cannot or must not be deleted: what it becomes when nothing desires it any more (itself: it is left
   * as it is). Undefined, or no such function: it is deleted.
   */
  release?(item: Item, observed: HostState): Item | undefined;
  /** The item as lines of text for goldens, plans and people. */
  text(item: Item): readonly string[];
}

export type Sections = { readonly [S in SectionName]: Section<Items[S]> };

/** Keys per section that an observer must look at, whether or not the items carry our mark. */
export type Scope = { readonly [S in SectionName]: ReadonlySet<string> };
