import { describe, expect, test } from "@jest/globals";
import { documentSet, type VehicleDocument } from "@pharos/compiler";
import type { ConfigRevision, Kind } from "@pharos/kinds";
import { type DecodedRevision, decodeRevision } from "@pharos/store";
import { decideRevision, KEPT_REVISIONS, type Situation } from "./decide-revision.ts";
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

describe("a rollback", () => {
  const now = [node("car", { generation: 2 }), bridge("pods", "10.9.0.0/16", 2)];
  const target = after(1, [node(), bridge("pods")]).last as DecodedRevision;
  const object: ConfigRevision = {
    apiVersion: "pharos.io/v1",
    kind: "ConfigRevision",
    metadata: { name: "r1" },
    spec: { epoch: "e1", number: 1, hash: target.hash, content: "" },
  };
  const asked = after(4, now, { rollback: { object, id: "q", target } });

  /** The situation after the rollback, with other documents. */
  function rolledBack(documents: readonly VehicleDocument[], more: Partial<Situation> = {}): Situation {
    const { newest } = decideRevision(asked, fakeCompiler);
    const { rollback: _done, ...rest } = asked;
    return { ...rest, ...(newest === undefined ? {} : { last: newest }), documents, ...more };
  }

  test("makes a new revision of the old documents with today's allocations, and says what it is", () => {
    const decision = decideRevision(asked, fakeCompiler);
    expect(frozenTexts(decision)).toEqual(["Node/car", "Bridge/pods 10.2.1.0/24"]);
    expect(decision.outcome).toMatchObject({
      kind: "frozen",
      pinned: 1,
      create: { metadata: { name: "r5" }, spec: { number: 5, reason: "rollback to 1", pin: { number: 1, request: "q" } } },
    });
  });

  test("stays while documents are applied again as they are", () => {
    const again = now.map((document) => ({ ...document, metadata: { ...document.metadata, labels: { applied: "again" } } }));
    expect(decideRevision(rolledBack(again), fakeCompiler).outcome).toEqual({ kind: "frozen", pinned: 1 });
  });

  test("ends when a document is changed, made or deleted", () => {
    const changed = decideRevision(rolledBack([...now.slice(0, 1), bridge("pods", "10.8.0.0/16", 3)]), fakeCompiler);
    expect(frozenTexts(changed)).toEqual(["Node/car", "Bridge/pods 10.8.0.0/16"]);
    expect(changed.newest).not.toHaveProperty("pin");
    expect(frozenTexts(decideRevision(rolledBack([...now, bridge("b")]), fakeCompiler))).toHaveLength(3);
    expect(frozenTexts(decideRevision(rolledBack(now.slice(0, 1)), fakeCompiler))).toEqual(["Node/car"]);
  });

  test("follows the hosts' addresses without ending", () => {
    const features = { nftables: true, ipv6: true, bridgeNetfilter: true };
    const reports = [report("soc1", { features, interfaces: [{ name: "eth0", addresses: ["10.0.0.7/24"] }] })];
    const decision = decideRevision(rolledBack(now, { reports }), fakeCompiler);
    expect(decision.outcome).toMatchObject({ create: { spec: { pin: { number: 1, request: "q" } } } });
    expect(frozenTexts(decision)).toContain("Bridge/pods 10.2.1.0/24");
  });

  test("is refused when the old documents contradict what hosts tell now, and nothing changes", () => {
    const bad = { ...target, content: { ...target.content, documents: documentSet([node(), bridge("pods", "bad")]) } };
    const decision = decideRevision(after(4, now, { rollback: { object, id: "q", target: bad } }), fakeCompiler);
    expect(decision.outcome).toEqual({ kind: "frozen" });
    expect(decision.refusedRollback).toMatchObject([{ code: "PHAROS-1120" }]);
  });

  test("keeps the revision that it went back to", () => {
    const revisions = Array.from({ length: 30 }, (_, index) => ({ name: `r${index + 1}`, number: index + 1, hash: `h${index + 1}` }));
    const { prune } = decideRevision(rolledBack(now, { revisions }), fakeCompiler);
    expect(prune.map(({ name }) => name)).not.toContain("r1");
    expect(prune.map(({ name }) => name)).toContain("r2");
  });
});

describe("a kind that cannot be read", () => {
  const problem = (kind: Kind, known = false) => ({ kind, reason: "Denied" as const, message: "may not list", known });
  const documents = [node(), bridge("pods")];

  test("goes on as the last revision has it", () => {
    const given = { ...after(4, documents), documents: [node("car", { socs: ["soc1", "soc2"], generation: 2 })] };
    expect(frozenTexts(decideRevision({ ...given, problems: [problem("Bridge")] }, fakeCompiler))).toContain("Bridge/pods 10.2.1.0/24");
    expect(frozenTexts(decideRevision(given, fakeCompiler))).toEqual(["Node/car"]);
  });

  test("forbids the first revision: what its documents forbid must not be allowed", () => {
    const { outcome } = decide({ documents, problems: [problem("SecurityConfig")] });
    expect(outcome).toMatchObject({ kind: "refused", findings: [{ code: "PHAROS-3202" }] });
  });

  test("forbids any revision where the revisions themselves are not known", () => {
    expect(decideRevision({ ...after(4, documents), problems: [problem("ConfigRevision")] }, fakeCompiler).outcome.kind).toBe("refused");
  });

  test("that was read before, or that only the registry needs, changes nothing", () => {
    expect(decide({ documents, problems: [problem("Bridge", true), problem("ServiceRegistration")] }).outcome.kind).toBe("frozen");
  });
});
