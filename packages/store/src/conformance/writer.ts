import { describe, expect, test } from "@jest/globals";
import type { Bridge } from "@pharos/kinds";
import { bridge, changesAfter, changeTexts, deployment, freshStore, type MakeStore, subnetOf } from "./fixtures.ts";

/** What every Writer does, whatever store is behind it. */
export function writerConformance(name: string, makeStore: MakeStore): void {
  describe(`${name} as a writer`, () => {
    const under = freshStore(makeStore);
    creates(under);
    updates(under);
    writesStatus(under);
    refuses(under);
    appliesSets(under);
    refusesSets(under);
  });
}

type Under = ReturnType<typeof freshStore>;

function read({ reader }: Under, name: string) {
  return reader.get({ kind: "Bridge", name });
}

function creates(under: Under): void {
  test("fills in uid, generation, resourceVersion and creationTimestamp", async () => {
    const { metadata } = await under.writer.create(bridge("one"));
    expect(metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(metadata.generation).toBe(1);
    expect(metadata.resourceVersion).toMatch(/./);
    expect(metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  test("refuses to create what exists", async () => {
    await under.writer.create(bridge("one"));
    await expect(under.writer.create(bridge("one"))).rejects.toMatchObject({ code: "PHAROS-3003" });
  });

  test("gives a new uid to an object that was deleted and made again", async () => {
    const first = await under.writer.create<"Bridge">(bridge("one"));
    await under.writer.delete({ kind: "Bridge", name: "one" });
    const second = await under.writer.create<"Bridge">(bridge("one"));
    expect(second.metadata.uid).not.toBe(first.metadata.uid);
  });
}

function updates(under: Under): void {
  test("an update of the spec raises the generation and keeps uid and birth", async () => {
    const first = await under.writer.create<"Bridge">(bridge("one"));
    const second = await under.writer.update<"Bridge">({ ...first, spec: bridge("one", "10.8.0.0/24").spec });
    expect(second.metadata.generation).toBe(2);
    expect(second.metadata.uid).toBe(first.metadata.uid);
    expect(second.metadata.creationTimestamp).toBe(first.metadata.creationTimestamp);
    expect(second.metadata.resourceVersion).not.toBe(first.metadata.resourceVersion);
  });

  test("an update of a label keeps the generation", async () => {
    const first = await under.writer.create<"Bridge">(bridge("one"));
    const second = await under.writer.update<"Bridge">({ ...first, metadata: { ...first.metadata, labels: { side: "left" } } });
    expect(second.metadata.generation).toBe(1);
    expect(second.metadata.labels).toEqual({ side: "left" });
  });

  test("an update with an equal object writes nothing", async () => {
    const first = await under.writer.create<"Bridge">(bridge("one"));
    const second = await under.writer.update<"Bridge">(first);
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
  });

  test("an update from an old version is a conflict and changes nothing", async () => {
    const first = await under.writer.create<"Bridge">(bridge("one"));
    await under.writer.update({ ...first, spec: bridge("one", "10.8.0.0/24").spec });
    const late = under.writer.update({ ...first, spec: bridge("one", "10.9.0.0/24").spec });
    await expect(late).rejects.toMatchObject({ code: "PHAROS-3002" });
    expect(subnetOf(await read(under, "one"))).toBe("10.8.0.0/24");
  });

  test("an update of what is not there says so", async () => {
    await expect(under.writer.update(bridge("none"))).rejects.toMatchObject({ code: "PHAROS-3001" });
  });
}

function writesStatus(under: Under): void {
  test("a status changes neither spec nor generation, and an update of the spec keeps it", async () => {
    const first = await under.writer.create<"Bridge">(bridge("one"));
    const second = await under.writer.patchStatus({ kind: "Bridge", name: "one" }, status("Accepted"));
    expect(second.metadata.generation).toBe(1);
    expect(second.spec).toEqual(first.spec);
    await under.writer.update({ ...second, spec: bridge("one", "10.8.0.0/24").spec });
    expect((await read(under, "one"))?.status).toEqual(status("Accepted"));
  });

  test("a status that comes with a new object is dropped", async () => {
    await under.writer.create({ ...bridge("one"), status: status("Accepted") });
    expect((await read(under, "one"))?.status?.conditions ?? []).toEqual([]);
  });

  test("an equal status keeps the resourceVersion", async () => {
    await under.writer.create(bridge("one"));
    const first = await under.writer.patchStatus({ kind: "Bridge", name: "one" }, status("Accepted"));
    const second = await under.writer.patchStatus({ kind: "Bridge", name: "one" }, status("Accepted"));
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
  });

  test("status and deletion of what is not there say so", async () => {
    const ref = { kind: "Bridge", name: "none" } as const;
    await expect(under.writer.patchStatus(ref, status("Accepted"))).rejects.toMatchObject({ code: "PHAROS-3001" });
    await expect(under.writer.delete(ref)).rejects.toMatchObject({ code: "PHAROS-3001" });
  });
}

function refuses(under: Under): void {
  test("refuses a name that no object can have", async () => {
    await expect(under.writer.create(bridge("Not a name"))).rejects.toMatchObject({ code: "PHAROS-3005" });
  });
}

function appliesSets(under: Under): void {
  test("a change set creates, replaces and deletes, and tells what changed", async () => {
    await under.writer.create(bridge("replaced"));
    await under.writer.create(bridge("deleted"));
    await under.writer.create(bridge("equal"));
    const { changed } = await under.writer.applySet({
      apply: [bridge("created"), bridge("replaced", "10.8.0.0/24"), bridge("equal"), deployment("default", "services")],
      delete: [
        { kind: "Bridge", name: "deleted" },
        { kind: "Bridge", name: "never-there" },
      ],
      door: "test",
    });
    expect(changed.map(({ kind, name: each }) => `${kind} ${each}`)).toEqual([
      "Bridge created",
      "Bridge replaced",
      "ServiceDeployment services",
      "Bridge deleted",
    ]);
    expect((await under.reader.list("Bridge")).items.map(({ metadata }) => metadata.name)).toEqual(["created", "equal", "replaced"]);
  });

  test("all changes of a set carry its door and one change tag that counts them", async () => {
    await under.writer.create(bridge("deleted"));
    const { resourceVersion } = await under.reader.list("Bridge");
    await under.writer.applySet({ apply: [bridge("one"), bridge("two")], delete: [{ kind: "Bridge", name: "deleted" }], door: "test" });
    const changes = await changesAfter(under.reader, resourceVersion, 3);
    const tags = new Set(changes.map(({ object }) => object.metadata.annotations?.["pharos.io/change"]));
    expect([...tags]).toEqual([expect.stringMatching(/.\/3$/)]);
    expect(changes.map(({ object }) => object.metadata.annotations?.["pharos.io/door"])).toEqual(["test", "test", "test"]);
  });

  test("a change set is all or nothing", async () => {
    const stale = await under.writer.create<"Bridge">(bridge("stale"));
    await under.writer.update(bridge("stale", "10.8.0.0/24"));
    const point = (await under.reader.list("Bridge")).resourceVersion;
    const set = { apply: [bridge("one"), { ...stale, spec: bridge("stale", "10.9.0.0/24").spec }], delete: [], door: "test" };
    await expect(under.writer.applySet(set)).rejects.toMatchObject({ code: "PHAROS-3002" });
    expect(await read(under, "one")).toBeUndefined();
    await under.writer.create(bridge("after"));
    expect(changeTexts(await changesAfter(under.reader, point, 1))).toEqual(["ADDED after"]);
  });
}

function refusesSets(under: Under): void {
  test("a change set with one bad object writes none and names it", async () => {
    const set = { apply: [bridge("one"), bridge("Not a name")], delete: [], door: "test" };
    await expect(under.writer.applySet(set)).rejects.toMatchObject({
      code: "PHAROS-3005",
      findings: [expect.objectContaining({ severity: "ERROR" })],
    });
    expect((await under.reader.list("Bridge")).items).toEqual([]);
  });

  test("a change set that names an object twice is refused", async () => {
    const set = { apply: [bridge("one")], delete: [{ kind: "Bridge", name: "one" } as const], door: "test" };
    await expect(under.writer.applySet(set)).rejects.toMatchObject({ code: "PHAROS-3005" });
  });

  test("a change set with nothing new changes nothing", async () => {
    await under.writer.applySet({ apply: [bridge("one")], delete: [], door: "test" });
    const before = await read(under, "one");
    const { changed } = await under.writer.applySet({ apply: [bridge("one")], delete: [], door: "another" });
    expect(changed).toEqual([]);
    expect(await read(under, "one")).toEqual(before);
  });
}

function status(reason: string): NonNullable<Bridge["status"]> {
  return { conditions: [{ type: "Accepted", status: "True", reason, message: "", lastTransitionTime: "2026-01-01T00:00:00Z" }] };
}
