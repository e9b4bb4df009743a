import { describe, expect, test } from "@jest/globals";
import { decodeRevision } from "@pharos/store";
import { decideRevision, KEPT_REVISIONS } from "./decide-revision.ts";
import { after, bridge, decide, fakeCompiler, frozenTexts, node, report, situation } from "./fixtures.ts";

describe("decideRevision", () => {
  test("freezes nothing without a Node document, and leaves the last revision", () => {
    const { outcome, newest } = decide({ documents: [bridge("pods")] });
    expect(outcome).toEqual({ kind: "no vehicle" });
    expect(newest).toBeUndefined();
    const gone = { ...after(4, [node(), bridge("pods")]), documents: [bridge("pods")] };
    expect(decideRevision(gone, fakeCompiler)).toMatchObject({ outcome: { kind: "no vehicle" }, newest: { number: 4 } });
  });

  test("freezes the documents into revision 1 of a new store", () => {
    const { outcome, newest } = decide({ documents: [node(), bridge("pods")], reports: [report("soc1")] });
    expect(outcome).toMatchObject({ kind: "frozen", create: { metadata: { name: "r1" }, spec: { epoch: "e1", number: 1 } } });
    if (outcome.kind !== "frozen" || outcome.create === undefined) throw new Error("not created");
    expect(decodeRevision(outcome.create)).toEqual(newest);
  });

  test("makes no revision when the content is the same", () => {
    const { outcome } = decideRevision(after(4, [node(), bridge("pods")]), fakeCompiler);
    expect(outcome).toEqual({ kind: "frozen" });
  });

  test("marks, labels, status and versions are no content", () => {
    const before = after(4, [node(), bridge("pods")]);
    const documents = [node("car", { generation: 9 }), bridge("pods", "10.2.1.0/24", 7)].map((document) => ({
      ...document,
      metadata: { ...document.metadata, uid: "u", resourceVersion: "99", labels: { a: "b" }, annotations: { "pharos.io/change": "x/1" } },
      status: { conditions: [] },
    }));
    expect(decideRevision({ ...before, documents }, fakeCompiler).outcome).toEqual({ kind: "frozen" });
  });

  test("the order of documents is no content", () => {
    const documents = [node(), bridge("a"), bridge("b")];
    expect(decideRevision({ ...after(4, documents), documents: documents.toReversed() }, fakeCompiler).outcome).toEqual({ kind: "frozen" });
  });

  test("a change makes the next revision", () => {
    const decision = decideRevision({ ...after(4, [node()]), documents: [node(), bridge("pods")] }, fakeCompiler);
    expect(decision.outcome).toMatchObject({ create: { metadata: { name: "r5" } } });
    expect(frozenTexts(decision)).toEqual(["Node/car", "Bridge/pods 10.2.1.0/24"]);
  });

  test("a deletion makes the next revision", () => {
    const decision = decideRevision({ ...after(4, [node(), bridge("pods")]), documents: [node()] }, fakeCompiler);
    expect(frozenTexts(decision)).toEqual(["Node/car"]);
  });
});

describe("an invalid document", () => {
  const good = [node(), bridge("a", "10.1.0.0/24"), bridge("b", "10.2.0.0/24")];

  test("contributes its last valid version, while others change", () => {
    const documents = [node(), bridge("a", "bad", 2), bridge("b", "10.3.0.0/24", 2)];
    const decision = decideRevision({ ...after(4, good), documents }, fakeCompiler);
    expect(frozenTexts(decision)).toEqual(["Node/car", "Bridge/a 10.1.0.0/24", "Bridge/b 10.3.0.0/24"]);
    expect(decision.valid.uses.get("Bridge/a")).toBe("last valid");
  });

  test("makes no revision when it is the only change", () => {
    const decision = decideRevision(
      { ...after(4, good), documents: [node(), bridge("a", "bad", 2), bridge("b", "10.2.0.0/24")] },
      fakeCompiler,
    );
    expect(decision.outcome).toEqual({ kind: "frozen" });
  });

  test("is left out when it was never valid", () => {
    const decision = decideRevision({ ...after(4, good), documents: [...good, bridge("c", "bad")] }, fakeCompiler);
    expect(frozenTexts(decision)).toEqual(["Node/car", "Bridge/a 10.1.0.0/24", "Bridge/b 10.2.0.0/24"]);
    expect(decision.valid.uses.get("Bridge/c")).toBe("none");
  });

  test("takes with it what needs it, and both are told why", () => {
    const decision = decideRevision({ ...after(4, good), documents: [...good, bridge("c", "bad"), bridge("needs-c")] }, fakeCompiler);
    expect(frozenTexts(decision)).toEqual(["Node/car", "Bridge/a 10.1.0.0/24", "Bridge/b 10.2.0.0/24"]);
    expect(decision.valid.findings.map(({ source }) => source?.document)).toEqual(["Bridge/c", "Bridge/needs-c"]);
  });

  test("keeps the whole last revision when an unchanged document would break", () => {
    const before = [node(), bridge("a"), bridge("needs-a")];
    const decision = decideRevision({ ...after(4, before), documents: [node(), bridge("needs-a")] }, fakeCompiler);
    expect(decision.outcome).toMatchObject({ kind: "refused", findings: [{ source: { document: "Bridge/needs-a" } }] });
    expect(decision.newest?.number).toBe(4);
  });
});

describe("numbers and history", () => {
  const documents = [node()];

  test("a new store goes on from the highest number that any host carries or rejected", () => {
    const reports = [
      report("soc1", { revision: { epoch: "old", number: 41, hash: "h" }, rejected: [{ epoch: "old", number: 42, reason: "probe" }] }),
    ];
    expect(decide({ documents, reports }).outcome).toMatchObject({ create: { metadata: { name: "r43" } } });
  });

  test("a number is never given twice, also not when the newest revision cannot be read", () => {
    const revisions = [{ name: "r7", number: 7, hash: "unreadable" }];
    expect(decide({ documents, revisions, reports: [report("soc1")] }).outcome).toMatchObject({ create: { metadata: { name: "r8" } } });
  });

  test("the last 20 revisions are kept, and those that a host runs", () => {
    const revisions = Array.from({ length: KEPT_REVISIONS + 3 }, (_, index) => ({
      name: `r${index + 1}`,
      number: index + 1,
      hash: `h${index + 1}`,
    }));
    const reports = [report("soc1", { revision: { epoch: "e1", number: 2, hash: "h2" } })];
    const { prune } = decide({ documents, revisions, reports });
    expect(prune.map(({ name }) => name)).toEqual(["r3", "r1"]);
  });

  test("more than a revision can hold is refused, and the last one stays", () => {
    const text = Array.from({ length: 60_000 }, (_, index) => Math.sin(index).toString(36)).join("");
    const huge = bridge("pods", text);
    const { outcome } = decideRevision({ ...after(4, documents), documents: [...documents, huge] }, fakeCompiler);
    expect(outcome).toMatchObject({ kind: "refused", findings: [{ code: "PHAROS-3011" }] });
  });
});

describe("adoption by a new store", () => {
  const documents = [node("car", { socs: ["soc1", "soc2"] }), bridge("pods")];
  const held = report("soc2", { blocks: [{ bridge: "br-pods", subnet: "10.2.1.0/24", block: "10.2.1.64/26", used: 0 }] });

  test("waits until each host has reported", () => {
    const { outcome } = decide({ documents, reports: [held], adopted: false });
    expect(outcome).toEqual({ kind: "waiting", hosts: ["soc1"] });
  });

  test("takes the blocks that hosts hold before it gives out others", () => {
    const { allocations } = decide({ documents, reports: [held, report("soc1")], adopted: false });
    expect(allocations.map(({ host, block }) => `${host}: ${block}`)).toEqual(["soc1: new block of soc1", "soc2: 10.2.1.64/26"]);
  });

  test("goes on without the hosts that stay silent when the time is over", () => {
    expect(decide({ documents, reports: [held], adopted: true }).outcome).toMatchObject({ kind: "frozen", create: {} });
  });

  test("does not wait in a store that has a revision", () => {
    const before = after(4, [documents[0] as ReturnType<typeof node>]);
    expect(decideRevision({ ...before, documents, adopted: false }, fakeCompiler).outcome).toMatchObject({ kind: "frozen", create: {} });
  });

  test("a block in a bridge's status wins over what a host reports", () => {
    const pods = {
      ...bridge("pods"),
      status: { allocations: [{ bridge: "br-pods", subnet: "10.2.1.0/24", host: "soc2", block: "10.2.1.128/26" }] },
    };
    const { allocations } = decide({ documents: [node("car", { socs: ["soc2"] }), pods], reports: [held] });
    expect(allocations.map(({ block }) => block)).toEqual(["10.2.1.128/26"]);
  });
});

describe("leases", () => {
  const documents = [node()];
  const lease = (address: string) => report("soc1", { features: {}, interfaces: [{ name: "eth0", addresses: [address] }] });

  test("a new address of a dhcp interface makes a revision that holds it", () => {
    const { newest, outcome } = decideRevision({ ...after(4, documents), reports: [lease("192.168.0.7/24")] }, fakeCompiler);
    expect(outcome).toMatchObject({ create: { metadata: { name: "r5" } } });
    expect(newest?.content.leases).toEqual([{ host: "soc1", interface: "eth0", address: "192.168.0.7/24" }]);
  });

  test("a host that sleeps keeps its address", () => {
    const first = decideRevision({ ...after(4, documents), reports: [lease("192.168.0.7/24")] }, fakeCompiler).newest;
    if (first === undefined) throw new Error("no revision");
    expect(decideRevision(situation({ documents, last: first }), fakeCompiler).outcome).toEqual({ kind: "frozen" });
  });
});
