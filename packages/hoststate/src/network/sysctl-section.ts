import type { Section } from "../section.ts";
import type { Sysctl } from "./sysctls.ts";

/** Values as the kernel prints them differ in white space from what one writes. */
function words(value: string): string {
  return value.trim().replace(/\s+/g, " ");
}

/** The name of the interface that a value belongs to: `br0` of `net/ipv4/conf/br0/rp_filter`; undefined for values of the whole namespace. */
export function linkOfSysctl(path: string): string | undefined {
  const name = /^net\/(?:ipv4|ipv6|mpls)\/(?:conf|neigh)\/([^/]+)\//.exec(path)?.[1];
  return name === "all" || name === "default" ? undefined : name;
}

/** Values for all interfaces overwrite those of single ones, so they come first. */
function byReach(a: Sysctl, b: Sysctl): number {
  return Number(linkOfSysctl(a.path) !== undefined) - Number(linkOfSysctl(b.path) !== undefined);
}

/** Sysctls by path. One that is not desired any more keeps its value: nobody knows the right one. */
export const sysctlSection: Section<Sysctl> = {
  key: ({ path }) => path,
  equal: (observed, desired) => words(observed.value) === words(desired.value),
  steps: (changes) =>
    changes
      .flatMap((change) => (change.kind === "delete" ? [] : [change.desired]))
      .sort(byReach)
      .map((sysctl) => ({ kind: "sysctl.set", sysctl })),
  release: (sysctl) => sysctl,
  text: ({ path, value }) => [`${path} = ${words(value)}`],
};
