import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { missingGrants, rbacRules, unusedGrants } from "./rbac-rules.ts";
import type { ApiCall } from "./transport.ts";

const OWN = "pharos-system";
const CALLS: readonly ApiCall[] = [
  { verb: "watch", group: "pharos.io", resource: "nodes" },
  { verb: "list", group: "pharos.io", resource: "nodes" },
  { verb: "list", group: "pharos.io", resource: "bridges" },
  { verb: "watch", group: "pharos.io", resource: "bridges" },
  { verb: "patch", group: "pharos.io", resource: "bridges/status", name: "one" },
  { verb: "get", group: "coordination.k8s.io", resource: "leases", namespace: OWN, name: "pharos-operator" },
  { verb: "create", group: "coordination.k8s.io", resource: "leases", namespace: OWN, name: "pharos-operator" },
  { verb: "patch", group: "apps", resource: "deployments", namespace: "default", name: "camera", creates: true },
  { verb: "delete", group: "", resource: "services", namespace: OWN, name: "camera" },
  { verb: "delete", group: "", resource: "services", namespace: "default", name: "camera" },
];

const rule = (group: string, resources: readonly string[], verbs: readonly string[]) => ({ apiGroups: [group], resources, verbs });

describe("RBAC rules from recorded calls", () => {
  test("hold each verb once, resources of equal verbs together, and in its own namespace what was called for there only", () => {
    expect([...rbacRules(CALLS, [OWN])]).toEqual([
      [
        "",
        [
          rule("", ["services"], ["delete"]),
          rule("apps", ["deployments"], ["create", "patch"]),
          rule("pharos.io", ["bridges", "nodes"], ["list", "watch"]),
          rule("pharos.io", ["bridges/status"], ["patch"]),
        ],
      ],
      [OWN, [rule("coordination.k8s.io", ["leases"], ["get", "create"])]],
    ]);
  });

  test("grant all that was called and nothing more", () => {
    const name = fc.constantFrom("a", "b");
    const call: fc.Arbitrary<ApiCall> = fc.record(
      {
        verb: fc.constantFrom("get" as const, "list" as const, "watch" as const, "create" as const, "patch" as const, "delete" as const),
        group: fc.constantFrom("", "apps"),
        resource: fc.constantFrom("services", "pods", "pods/status"),
        namespace: fc.constantFrom(OWN, "default"),
        name,
      },
      { requiredKeys: ["verb", "group", "resource"] },
    );
    const exact = fc.property(fc.array(call), (calls) => {
      const rules = rbacRules(calls, [OWN]);
      expect(missingGrants(rules, calls)).toEqual([]);
      expect(unusedGrants(rules, calls)).toEqual([]);
    });
    fc.assert(exact);
  });
});

describe("grants compared with calls", () => {
  const granted = new Map([
    ["", [{ ...rule("", ["services", "pods"], ["get", "delete"]) }, { ...rule("apps", ["*"], ["*"]) }]],
    [OWN, [{ ...rule("coordination.k8s.io", ["leases"], ["get", "create"]), resourceNames: ["pharos-operator"] }]],
  ]);

  test("what nobody called for is named, also a wildcard and a creation by name, which RBAC cannot allow", () => {
    expect(unusedGrants(granted, CALLS)).toEqual([
      "get services",
      "get pods",
      "delete pods",
      "* *.apps",
      `create leases.coordination.k8s.io pharos-operator in ${OWN}`,
    ]);
  });

  test("calls that no rule allows are named, also the creation by an apply", () => {
    expect(missingGrants(granted, CALLS)).toEqual([
      "create deployments.apps camera in default",
      `create leases.coordination.k8s.io pharos-operator in ${OWN}`,
      "list bridges.pharos.io",
      "list nodes.pharos.io",
      "patch bridges/status.pharos.io one",
      "patch deployments.apps camera in default",
      "watch bridges.pharos.io",
      "watch nodes.pharos.io",
    ]);
  });
});
