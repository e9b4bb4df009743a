import { describe, expect, test } from "@jest/globals";
import type { VehicleDocument } from "@pharos/compiler";
import type { HostReport } from "@pharos/kinds";
import { decideRevision, type Situation } from "./decide-revision.ts";
import { statusChanges } from "./document-status.ts";
import { after, bridge, fakeCompiler, node, report, situation } from "./fixtures.ts";

function statuses(given: Situation, reports: readonly HostReport[] = given.reports) {
  const decision = decideRevision(given, fakeCompiler);
  return statusChanges({ documents: given.documents, reports, decision, hosts: ["soc1"], now: 0 });
}

/** `Type=Status Reason` of each condition of the document named. */
function conditions(given: Situation, name: string, reports?: readonly HostReport[]): readonly string[] {
  const change = statuses(given, reports).find(({ document }) => document.metadata.name === name);
  return (change?.status.conditions ?? []).map(({ type, status, reason }) => `${type}=${status} ${reason}`);
}

const good = [node(), bridge("a", "10.1.0.0/24")];
const running = (given: Situation) => [report("soc1", { revision: { epoch: "e1", number: 4, hash: given.last?.hash ?? "" } })];

describe("conditions", () => {
  test("of a document that all hosts run", () => {
    const given = after(4, good);
    expect(conditions(given, "a", running(given))).toEqual(["Accepted=True Valid", "Frozen=True InRevision", "InSync=True AllHosts"]);
  });

  test("of a document that a host does not run yet", () => {
    expect(conditions(after(4, good), "a", [report("soc1")])).toContain("InSync=False Pending");
    expect(conditions(after(4, good), "a", [])).toContain("InSync=False Pending");
  });

  test("of a document whose revision a host rejected", () => {
    const rejected = report("soc1", {
      revision: { epoch: "e1", number: 3, hash: "h3" },
      rejected: [{ epoch: "e1", number: 4, reason: "probe failed" }],
    });
    const [change] = statuses(after(4, good), [rejected]);
    expect(change?.status.conditions?.find(({ type }) => type === "InSync")).toMatchObject({
      reason: "Rejected",
      message: expect.stringContaining("soc1: probe failed"),
    });
  });

  test("of an invalid document carry the finding with path and advice, and the others stay frozen", () => {
    const given = { ...after(4, good), documents: [node(), bridge("a", "bad", 2)] };
    expect(conditions(given, "a")).toEqual(["Accepted=False Invalid", "Frozen=False LastValidVersion", "InSync=False NotFrozen"]);
    expect(conditions(given, "car")).toContain("Frozen=True InRevision");
    const accepted = statuses(given).find(({ document }) => document.metadata.name === "a")?.status.conditions?.[0];
    expect(accepted?.message).toBe("ERROR PHAROS-1120 spec: Bridge/a is wrong (mend it)");
    expect(accepted?.observedGeneration).toBe(2);
  });

  test("of a new invalid document say that it is left out", () => {
    expect(conditions({ ...after(4, good), documents: [...good, bridge("c", "bad")] }, "c")).toContain("Frozen=False LeftOut");
  });

  test("without a Node document say so", () => {
    expect(conditions(situation({ documents: [bridge("a")] }), "a")).toContain("Frozen=False NoNode");
  });

  test("of a store that waits for hosts do not say that the document failed", () => {
    expect(conditions(situation({ documents: good, adopted: false }), "a")).toContain("Frozen=Unknown WaitingForHosts");
  });

  test("of unchanged documents stay true when a change elsewhere is refused", () => {
    const given = { ...after(4, [node(), bridge("a"), bridge("needs-a")]), documents: [node(), bridge("needs-a")] };
    expect(conditions(given, "car")).toEqual(["Accepted=True Valid", "Frozen=True InRevision", "InSync=False Pending"]);
    expect(conditions(given, "needs-a")).toContain("Accepted=False Invalid");
  });
});

describe("statuses", () => {
  test("are written only when something differs", () => {
    const given = after(4, good);
    const documents = statuses(given).map(({ document, status }) => ({ ...document, status }) as VehicleDocument);
    expect(documents).toHaveLength(2);
    expect(statuses({ ...given, documents, now: 99_000 })).toEqual([]);
  });

  test("keep the time of a condition that stays, and move that of one that changes", () => {
    const given = after(4, good);
    const documents = statuses(given).map(({ document, status }) => ({ ...document, status }) as VehicleDocument);
    const decision = decideRevision({ ...given, documents }, fakeCompiler);
    const [change] = statusChanges({ documents, reports: running(given), decision, hosts: ["soc1"], now: 60_000 });
    const times = Object.fromEntries((change?.status.conditions ?? []).map(({ type, lastTransitionTime }) => [type, lastTransitionTime]));
    expect(times).toEqual({ Accepted: "1970-01-01T00:00:00Z", Frozen: "1970-01-01T00:00:00Z", InSync: "1970-01-01T00:01:00Z" });
  });

  test("of bridges hold their blocks, and only theirs", () => {
    const given = situation({ documents: [node(), bridge("a"), bridge("b")] });
    const status = statuses(given).find(({ document }) => document.metadata.name === "b")?.status;
    expect(status).toMatchObject({ allocations: [{ bridge: "br-b", host: "soc1", block: "new block of soc1" }] });
  });

  test("keep conditions of other writers", () => {
    const foreign = { type: "ServiceUnknown", status: "True" } as const;
    const documents = [node(), { ...bridge("a"), status: { conditions: [foreign] } }];
    const [, change] = statuses(situation({ documents }));
    expect(change?.status.conditions).toContainEqual(foreign);
  });
});

describe("conditions after a rollback", () => {
  test("mark the documents that differ as out of sync", () => {
    const old = after(1, [node(), bridge("a", "10.7.0.0/16")]).last;
    const object = { apiVersion: "pharos.io/v1", kind: "ConfigRevision", metadata: { name: "r1" } } as const;
    const spec = { epoch: "e1", number: 1, hash: "h", content: "" };
    const given = after(4, good, { rollback: { object: { ...object, spec }, id: "q", target: old } });
    expect(conditions(given, "a")).toEqual(["Accepted=True Valid", "Frozen=False OutOfSync", "InSync=False OutOfSync"]);
    expect(conditions(given, "car")).toContain("Frozen=True InRevision");
  });
});

describe("the condition StoreAccess", () => {
  const denied = [{ kind: "SecurityConfig", reason: "Denied", message: "may not list", known: true }] as const;
  const access = (given: Situation, problems: readonly (typeof denied)[number][]) => {
    const decision = decideRevision(given, fakeCompiler);
    const changes = statusChanges({ documents: given.documents, reports: [], decision, hosts: [], now: 0, problems });
    return changes.find(({ document }) => document.kind === "Node")?.status.conditions?.find(({ type }) => type === "StoreAccess");
  };

  test("names the kind that cannot be read, at the Node, and is taken back when it can", () => {
    const told = access(after(4, good), denied);
    expect(told).toMatchObject({ status: "False", reason: "Denied", message: "SecurityConfig: may not list" });
    expect(access(after(4, good), [])).toBeUndefined();
    const withIt = good.map((document) => ({ ...document, status: { conditions: told === undefined ? [] : [told] } }));
    expect(access(after(4, withIt), [])).toMatchObject({ status: "True", reason: "AllKinds" });
  });
});
