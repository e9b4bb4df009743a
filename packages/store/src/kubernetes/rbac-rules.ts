import type { ApiCall } from "./transport.ts";

/** A rule as ClusterRoles and Roles have it (rbac.authorization.k8s.io/v1 PolicyRule), without non-resource URLs. */
export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  /** Absent or empty: all names. */
  readonly resourceNames?: readonly string[];
}

/** Rules by where they hold: an empty namespace stands for a ClusterRole. */
export type RulesByNamespace = ReadonlyMap<string, readonly PolicyRule[]>;

/**
 * The rules that allow the calls, and nothing else that a rule without names can leave out. What was called for in a
 * namespace of `own` only is allowed there only, everything else in the whole cluster. Sorted by group and resource;
 * resources of equal verbs share a rule.
 */
export function rbacRules(calls: readonly ApiCall[], own: readonly string[] = []): RulesByNamespace {
  const byResource = Map.groupBy(calls, ({ group, resource }) => `${group}/${resource}`);
  const placed = [...byResource.values()].flatMap((all) => {
    const elsewhere = all.filter(({ namespace }) => namespace === undefined || !own.includes(namespace));
    if (elsewhere.length > 0) return [{ namespace: "", calls: all }];
    return [...Map.groupBy(all, ({ namespace = "" }) => namespace)].map(([namespace, within]) => ({ namespace, calls: within }));
  });
  const byNamespace = Map.groupBy(placed, ({ namespace }) => namespace);
  const sorted = [...byNamespace].sort(([a], [b]) => compare(a, b));
  return new Map(sorted.map(([namespace, within]) => [namespace, joined(within.map((one) => one.calls))]));
}

/**
 * What the rules grant and the calls did not need, a line for each: `delete services`, `get leases.coordination.k8s.io
 * pharos-operator`, with ` in NAMESPACE` for a Role. A wildcard counts as never needed.
 */
export function unusedGrants(rules: RulesByNamespace, calls: readonly ApiCall[]): readonly string[] {
  const grants = [...rules].flatMap(([namespace, all]) => all.flatMap((rule) => grantsOf(namespace, rule)));
  return grants.filter((grant) => !calls.some((call) => allows(grant, call))).map(textOf);
}

/** The calls that no rule allows, a line for each, sorted. */
export function missingGrants(rules: RulesByNamespace, calls: readonly ApiCall[]): readonly string[] {
  const grants = [...rules].flatMap(([namespace, all]) => all.flatMap((rule) => grantsOf(namespace, rule)));
  const needed = calls.flatMap(({ creates, ...call }): readonly ApiCall[] => (creates ? [call, { ...call, verb: "create" }] : [call]));
  const missing = needed.filter((call) => !grants.some((grant) => allows(grant, call)));
  return [...new Set(missing.map(textOf))].sort();
}

interface Grant {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
}

function grantsOf(namespace: string, { apiGroups, resources, verbs, resourceNames = [] }: PolicyRule): readonly Grant[] {
  const names: readonly object[] = resourceNames.length === 0 ? [{}] : resourceNames.map((name) => ({ name }));
  const place = namespace === "" ? {} : { namespace };
  return apiGroups.flatMap((group) =>
    resources.flatMap((resource) => verbs.flatMap((verb) => names.map((name) => ({ verb, group, resource, ...place, ...name })))),
  );
}

function allows(grant: Grant, call: ApiCall): boolean {
  const verbs: readonly string[] = call.creates ? [call.verb, "create"] : [call.verb];
  // A creation has no name yet when it is authorized (RBAC, "Referring to resources"), but one by apply has.
  const name = call.verb === "create" ? undefined : call.name;
  return (
    verbs.includes(grant.verb) &&
    grant.group === call.group &&
    grant.resource === call.resource &&
    (grant.namespace === undefined || grant.namespace === call.namespace) &&
    (grant.name === undefined || grant.name === name)
  );
}

function textOf({ verb, group, resource, namespace, name }: Grant): string {
  const what = `${verb} ${resource}${group === "" ? "" : `.${group}`}`;
  return `${what}${name === undefined ? "" : ` ${name}`}${namespace === undefined ? "" : ` in ${namespace}`}`;
}

const VERBS = ["get", "list", "watch", "create", "update", "patch", "delete"];

/** One rule for each set of verbs of a group; each entry of `all` is the calls for one resource. */
function joined(all: readonly (readonly ApiCall[])[]): readonly PolicyRule[] {
  const needs = all.flatMap((calls) => {
    const { group = "", resource = "" } = calls[0] ?? {};
    const used = new Set<string>(calls.flatMap(({ verb, creates }) => (creates ? [verb, "create"] : [verb])));
    return [{ group, resource, verbs: VERBS.filter((verb) => used.has(verb)) }];
  });
  const sorted = needs.sort((a, b) => compare(a.group, b.group) || compare(a.resource, b.resource));
  const rules = Map.groupBy(sorted, ({ group, verbs }) => `${group} ${verbs}`);
  return [...rules.values()].map((same) => ({
    apiGroups: [...new Set(same.map(({ group }) => group))],
    resources: same.map(({ resource }) => resource),
    verbs: same[0]?.verbs ?? [],
  }));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
