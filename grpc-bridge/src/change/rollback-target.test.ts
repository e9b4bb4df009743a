import { describe, expect, test } from "@jest/globals";
import { documentSet, type RevisionContent } from "@pharos/compiler";
import type { ConfigRevision, Node } from "@pharos/kinds";
import { encodeRevision } from "@pharos/store";
import { rollbackTarget } from "./rollback-target.ts";

/** A revision of a vehicle that is named `car`. */
function revision(number: number, car: string, more: { readonly committed?: boolean; readonly pin?: number } = {}): ConfigRevision {
  const node: Node = {
    apiVersion: "pharos.io/v1",
    kind: "Node",
    metadata: { name: "car" },
    spec: { name: car, socs: [], defaultAction: "DROP", enforcement: "enforce" },
  };
  const content: RevisionContent = { documents: documentSet([node]), allocations: [], leases: [] };
  const pin = more.pin === undefined ? {} : { pin: { number: more.pin, request: "q", documents: "d" } };
  const status = { conditions: [{ type: "Committed", status: more.committed === false ? "False" : "True" }] } as const;
  return {
    apiVersion: "pharos.io/v1",
    kind: "ConfigRevision",
    metadata: { name: `r${number}` },
    spec: { epoch: "e", number, ...encodeRevision(JSON.stringify(content)), ...pin },
    status,
  };
}

function target(version: string, ...revisions: readonly ConfigRevision[]): string {
  const found = rollbackTarget(version, revisions, "e");
  return found.kind === "bad" ? found.reason : found.object.metadata.name;
}

describe("the target of a rollback", () => {
  test("by version, by number, by name", () => {
    const both = [revision(1, "a"), revision(2, "b")];
    expect([target("e/1", ...both), target("1", ...both), target("r1", ...both)]).toEqual(["r1", "r1", "r1"]);
  });

  test("without a version is what was committed before with other documents", () => {
    expect(target("", revision(1, "a"), revision(2, "b"), revision(3, "bad", { committed: false }), revision(4, "c"))).toBe("r2");
    expect(target("", revision(1, "a"), revision(2, "b"), revision(3, "b"))).toBe("r1");
  });

  test("without a version goes further back after a rollback", () => {
    const history = [revision(1, "a"), revision(2, "b"), revision(3, "c"), revision(4, "b", { pin: 2 })];
    expect(target("", ...history)).toBe("r1");
  });

  test("that does not exist is told with what there is", () => {
    expect(target("9", revision(1, "a"), revision(2, "b"))).toBe("revision 9 is not kept; there are 1, 2");
    expect(target("other/1", revision(1, "a"))).toBe("other/1 is of another store; this one is e");
    expect(target("yesterday", revision(1, "a"))).toBe("target_version yesterday is not <epoch>/<number>");
    expect(target("", revision(1, "a"))).toBe("no other configuration was committed before");
    expect(target("")).toBe("there is no revision yet");
  });
});
