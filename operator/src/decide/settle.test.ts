import { describe, expect, test } from "@jest/globals";
import type { VehicleDocument } from "@pharos/compiler";
import { bridge } from "./fixtures.ts";
import { markOf, type Readiness, readiness, type Unsettled } from "./settle.ts";

const tagged = (name: string, change: string, generation = 1): VehicleDocument => {
  const document = bridge(name, "10.0.0.0/24", generation);
  return { ...document, metadata: { ...document.metadata, annotations: { "pharos.io/change": change } } };
};

function ready(more: Partial<Unsettled>): Readiness {
  return readiness({
    documents: [],
    decided: new Map(),
    tombstones: [],
    decidedChanges: new Set(),
    firstAt: 1000,
    lastAt: 1000,
    now: 1000,
    ...more,
  });
}

const marks = (...documents: readonly VehicleDocument[]) =>
  new Map(documents.map((document) => [`Bridge/${document.metadata.name}`, markOf(document)]));

describe("readiness", () => {
  test("nothing changed: nothing to wait for", () => {
    expect(ready({ documents: [bridge("a")], decided: marks(bridge("a")) })).toEqual({ kind: "unchanged" });
  });

  test("a written status is no change", () => {
    const document = bridge("a");
    expect(ready({ documents: [{ ...document, status: { conditions: [] } }], decided: marks(document) })).toEqual({ kind: "unchanged" });
  });

  test("untagged changes wait for 500 ms of quiet", () => {
    expect(ready({ documents: [bridge("a")], lastAt: 1200, now: 1600 })).toEqual({ kind: "wait", until: 1700 });
    expect(ready({ documents: [bridge("a")], lastAt: 1200, now: 1700 })).toEqual({ kind: "ready", incomplete: [] });
  });

  test("changes that never end wait no longer than 5 s", () => {
    expect(ready({ documents: [bridge("a")], lastAt: 5900, now: 5950 })).toEqual({ kind: "wait", until: 6000 });
    expect(ready({ documents: [bridge("a")], lastAt: 5900, now: 6000 })).toEqual({ kind: "ready", incomplete: [] });
  });

  test("a complete change set is ready at once", () => {
    expect(ready({ documents: [tagged("a", "x/2"), tagged("b", "x/2")] })).toEqual({ kind: "ready", incomplete: [] });
  });

  test("an incomplete change set waits for the rest, not for quiet", () => {
    expect(ready({ documents: [tagged("a", "x/2")], now: 3000 })).toEqual({ kind: "wait", until: 6000 });
  });

  test("a change set that stays incomplete is taken as it is after 5 s, and named", () => {
    expect(ready({ documents: [tagged("a", "x/2")], now: 6000 })).toEqual({ kind: "ready", incomplete: ["x"] });
  });

  test("a deletion counts in its change set", () => {
    const change = { documents: [tagged("a", "x/2")], decided: marks(bridge("b")) };
    expect(ready({ ...change, tombstones: [{ name: "Bridge/b", tag: { id: "x", count: 2 } }] })).toEqual({ kind: "ready", incomplete: [] });
    expect(ready(change).kind).toBe("wait");
  });

  test("an object that came and went within one wait counts in its change set", () => {
    const tombstones = [{ name: "Bridge/b", tag: { id: "x", count: 2 } }];
    expect(ready({ documents: [tagged("a", "x/2")], tombstones })).toEqual({ kind: "ready", incomplete: [] });
  });

  test("a deletion by hand waits for quiet", () => {
    expect(ready({ decided: marks(bridge("b")) })).toEqual({ kind: "wait", until: 1500 });
  });

  test("an edit by hand of an object that a door wrote counts as untagged", () => {
    const change = { documents: [tagged("a", "x/2", 2)], decided: marks(tagged("a", "x/2")), decidedChanges: new Set(["x"]) };
    expect(ready(change)).toEqual({ kind: "wait", until: 1500 });
  });

  test("two change sets that overlap in time must both be complete", () => {
    const documents = [tagged("a", "x/1"), tagged("b", "y/2")];
    expect(ready({ documents })).toEqual({ kind: "wait", until: 6000 });
    expect(ready({ documents: [...documents, tagged("c", "y/2")] })).toEqual({ kind: "ready", incomplete: [] });
  });

  test("an object that was deleted and made anew has changed", () => {
    const old = { ...bridge("a"), metadata: { name: "a", generation: 1, uid: "old" } };
    const anew = { ...bridge("a"), metadata: { name: "a", generation: 1, uid: "new" } };
    expect(ready({ documents: [anew], decided: marks(old) }).kind).toBe("wait");
  });

  test("a set whose object is marked for deletion waits until it is deleted", () => {
    const change = tagged("a", "x/2");
    const marked = tagged("b", "x/2");
    const deleting = { ...marked, metadata: { ...marked.metadata, annotations: { "pharos.io/change": "x/2", "pharos.io/deleting": "x" } } };
    const decided = marks(bridge("a"), bridge("b"));
    expect(ready({ documents: [change, deleting], decided })).toEqual({ kind: "wait", until: 6000 });
    const tombstones = [{ name: "Bridge/b", tag: { id: "x", count: 2 } }];
    expect(ready({ documents: [change], decided, tombstones })).toEqual({ kind: "ready", incomplete: [] });
  });

  test("a document of the set that was decided on already counts", () => {
    const change = { documents: [tagged("a", "x/2"), tagged("b", "x/2")], decided: marks(tagged("a", "x/2")) };
    expect(ready(change)).toEqual({ kind: "ready", incomplete: [] });
  });

  test("a deletion that no watch told may complete a set, after quiet", () => {
    const change = { documents: [tagged("a", "x/2")], decided: marks(bridge("b")) };
    expect(ready(change)).toEqual({ kind: "wait", until: 1500 });
    expect(ready({ ...change, now: 1500 })).toEqual({ kind: "ready", incomplete: [] });
  });

  test("a set that begins while another waits has 5 s of its own, and all have 10 s", () => {
    const documents = [tagged("a", "x/2"), tagged("b", "y/2")];
    const firstOf = new Map([
      ["x", 1000],
      ["y", 5900],
    ]);
    expect(ready({ documents, firstOf, now: 6000 })).toEqual({ kind: "wait", until: 10_900 });
    expect(ready({ documents, firstOf, now: 10_900 })).toEqual({ kind: "ready", incomplete: ["x", "y"] });
    expect(ready({ documents, firstOf: new Map([["y", 9000]]), now: 10_950 })).toEqual({ kind: "wait", until: 11_000 });
  });
});
