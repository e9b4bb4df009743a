import { describe, expect, test } from "@jest/globals";
import type { Bridge, Node } from "@pharos/kinds";
import type { DecodedRevision } from "@pharos/store";
import { testBridges, testNode, testReport, testSoc, testVm } from "../test-documents.ts";
import { type OutcomeInput, outcomeOf } from "./outcome.ts";

const vehicle = testNode(testSoc("soc1", [], [testVm("vm1")]), { ...testSoc("ecu"), managed: false });
const node: Node = { ...vehicle, metadata: { name: "vehicle", generation: 1 } };
const bridge = (name: string): Bridge => ({ ...testBridges({ name }), metadata: { name: "bridges", generation: 1 } });
const revision = (number: number, nodes: readonly Node[], bridges: readonly Bridge[]): DecodedRevision => ({
  epoch: "e",
  number,
  hash: `h${number}`,
  content: { documents: { nodes, bridges, routingConfigs: [], securityConfigs: [], serviceDeployments: [] }, allocations: [], leases: [] },
});
const runs = (host: string, number: number) =>
  testReport(host, { state: "Committed", revision: { epoch: "e", number, hash: `h${number}` } });

const base: OutcomeInput = {
  written: [node, bridge("podBr0")],
  deleted: [],
  current: [node, bridge("podBr0")],
  newest: revision(3, [node], [bridge("podBr0")]),
  reports: [runs("soc1", 3), runs("vm1", 3)],
  connected: undefined,
};
const told = (more: Partial<OutcomeInput>) => {
  const outcome = outcomeOf({ ...base, ...more });
  return outcome.kind === "committed"
    ? `committed r${outcome.revision.number} on ${outcome.hosts} pending ${outcome.pending}`
    : `${outcome.kind}: ${outcome.reason}`;
};

describe("outcomeOf", () => {
  test("is committed once every managed host runs the revision, unmanaged ones are not asked", () => {
    expect(told({})).toBe("committed r3 on soc1,vm1 pending ");
  });

  test("waits while the newest revision is without what was written, or still holds what was deleted", () => {
    expect(told({ newest: undefined })).toBe("waiting: the operator has not frozen the documents yet");
    expect(told({ newest: revision(2, [node], [bridge("old")]) })).toBe("waiting: the operator has not frozen the documents yet");
    expect(told({ deleted: [{ kind: "Bridge", name: "bridges" }], written: [node] })).toBe(
      "waiting: the operator has not frozen the documents yet",
    );
  });

  test("names the host that it waits for, and how that host stands", () => {
    expect(told({ reports: [runs("soc1", 3), runs("vm1", 2)] })).toBe("waiting: revision 3: vm1 is Committed at revision 2");
  });

  test("takes a later revision that a host runs as well", () => {
    expect(told({ reports: [runs("soc1", 3), runs("vm1", 4)] })).toBe("committed r3 on soc1,vm1 pending ");
  });

  test("does not take a revision of another epoch for this one", () => {
    const other = testReport("vm1", { state: "Committed", revision: { epoch: "old", number: 9, hash: "h" } });
    expect(told({ reports: [runs("soc1", 3), other] })).toMatch(/^waiting/);
  });

  test("fails as soon as one host went back, with its reason", () => {
    const back = testReport("vm1", {
      state: "RolledBack",
      revision: { epoch: "e", number: 2, hash: "h2" },
      rejected: [{ epoch: "e", number: 3, reason: "nft refused" }],
    });
    expect(told({ reports: [runs("soc1", 3), back] })).toBe("failed: vm1 went back from revision 3: nft refused");
  });

  test("lists a sleeping host as pending instead of waiting for it", () => {
    expect(told({ connected: new Set(["soc1"]) })).toBe("committed r3 on soc1 pending vm1");
    expect(told({ reports: [runs("soc1", 3)] })).toBe("committed r3 on soc1 pending vm1");
  });

  test("waits for a host that is connected and has not reported yet", () => {
    expect(told({ reports: [runs("soc1", 3)], connected: new Set(["soc1", "vm1"]) })).toBe("waiting: revision 3: vm1 has not reported");
  });

  test("never succeeds with no host at all", () => {
    expect(told({ reports: [] })).toBe("waiting: no host is reachable (soc1, vm1)");
  });

  const frozen = (reason: string, observedGeneration: number): Node => ({
    ...node,
    metadata: { name: "vehicle", generation: 2 },
    status: { conditions: [{ type: "Frozen", status: "False", reason, message: "says why", observedGeneration }] },
  });

  test("fails when the operator refuses this very version, but not over what it said of an older one or while it waits", () => {
    const written = [{ ...node, metadata: { name: "vehicle", generation: 2 } }];
    expect(told({ written, current: [frozen("Refused", 2)] })).toBe("failed: Node/vehicle was not frozen: says why");
    expect(told({ written, current: [frozen("Refused", 1)] })).toMatch(/^committed/);
    expect(told({ written, current: [frozen("WaitingForHosts", 2)] })).toMatch(/^committed/);
  });
});
