import { describe, expect, test } from "@jest/globals";
import { bridge, changesAfter, changeTexts, deployment, freshStore, type MakeStore, subnetOf } from "./fixtures.ts";

/** What every Reader does, whatever store is behind it. */
export function readerConformance(name: string, makeStore: MakeStore): void {
  describe(`${name} as a reader`, () => {
    const under = freshStore(makeStore);
    gets(under);
    lists(under);
    watches(under);
  });
}

type Under = ReturnType<typeof freshStore>;

function gets(under: Under): void {
  test("gets undefined where there is no object", async () => {
    expect(await under.reader.get({ kind: "Bridge", name: "none" })).toBeUndefined();
  });

  test("gets an object as it was written", async () => {
    await under.writer.create(bridge("one", "10.7.0.0/24"));
    const read = await under.reader.get({ kind: "Bridge", name: "one" });
    expect(subnetOf(read)).toBe("10.7.0.0/24");
    expect(read?.kind).toBe("Bridge");
    expect(read?.apiVersion).toBe("pharos.io/v1");
  });

  test("keeps objects of one name in two namespaces apart", async () => {
    await under.writer.create(deployment("default", "services", 1000));
    await under.writer.create(deployment("other", "services", 2000));
    const read = await under.reader.get({ kind: "ServiceDeployment", name: "services", namespace: "other" });
    expect(read?.spec.services[0]?.ports).toEqual([2000]);
  });
}

function lists(under: Under): void {
  test("lists sorted by namespace, then name", async () => {
    for (const [namespace, object] of [
      ["other", "a"],
      ["default", "b"],
      ["default", "a"],
    ] as const) {
      await under.writer.create(deployment(namespace, object));
    }
    const { items } = await under.reader.list("ServiceDeployment");
    expect(items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)).toEqual(["default/a", "default/b", "other/a"]);
  });

  test("lists only the kind that was asked for", async () => {
    await under.writer.create(bridge("one"));
    await under.writer.create(deployment("default", "services"));
    expect((await under.reader.list("Bridge")).items).toHaveLength(1);
    expect((await under.reader.list("RoutingConfig")).items).toEqual([]);
  });

  test("lists more than one message holds", async () => {
    const names = Array.from({ length: 40 }, (_, index) => `bridge-${String(index).padStart(2, "0")}`);
    const note = "x".repeat(50_000);
    for (const each of names) {
      const object = bridge(each);
      await under.writer.create({ ...object, metadata: { ...object.metadata, annotations: { note } } });
    }
    expect((await under.reader.list("Bridge")).items.map(({ metadata }) => metadata.name)).toEqual(names);
  });
}

function watches(under: Under): void {
  test("a watch tells each change after the listed point, in order", async () => {
    await under.writer.create(bridge("before"));
    const { resourceVersion } = await under.reader.list("Bridge");
    const changes = changesAfter(under.reader, resourceVersion, 3);
    await under.writer.create(bridge("one"));
    await under.writer.update(bridge("one", "10.8.0.0/24"));
    await under.writer.delete({ kind: "Bridge", name: "one" });
    expect(changeTexts(await changes)).toEqual(["ADDED one", "MODIFIED one", "DELETED one"]);
  });

  test("a watch goes on from the point of an event, not from the present", async () => {
    const { resourceVersion } = await under.reader.list("Bridge");
    for (const each of ["one", "two", "three"]) await under.writer.create(bridge(each));
    const [first] = await changesAfter(under.reader, resourceVersion, 1);
    const rest = await changesAfter(under.reader, first?.resourceVersion ?? "", 2);
    expect(changeTexts(rest)).toEqual(["ADDED two", "ADDED three"]);
  });

  test("a watch does not tell changes of other kinds", async () => {
    const { resourceVersion } = await under.reader.list("Bridge");
    await under.writer.create(deployment("default", "services"));
    await under.writer.create(bridge("one"));
    expect(changeTexts(await changesAfter(under.reader, resourceVersion, 1))).toEqual(["ADDED one"]);
  });

  test("a watch whose signal aborts ends without an error", async () => {
    const { resourceVersion } = await under.reader.list("Bridge");
    const stop = new AbortController();
    const run = (async () => {
      for await (const _event of under.reader.watch("Bridge", { resourceVersion, signal: stop.signal }));
      return "ended";
    })();
    setTimeout(() => stop.abort(), 50);
    expect(await run).toBe("ended");
  });

  test("two watches see the same changes", async () => {
    const { resourceVersion } = await under.reader.list("Bridge");
    const watches = [changesAfter(under.reader, resourceVersion, 2), changesAfter(under.reader, resourceVersion, 2)];
    await under.writer.create(bridge("one"));
    await under.writer.create(bridge("two"));
    const [first, second] = await Promise.all(watches);
    expect(changeTexts(first ?? [])).toEqual(["ADDED one", "ADDED two"]);
    expect(changeTexts(second ?? [])).toEqual(["ADDED one", "ADDED two"]);
  });

  test("a watch from a point that is no point of this store's history is told so", async () => {
    await expect(changesAfter(under.reader, "999999999", 1)).rejects.toMatchObject({ code: "PHAROS-3004" });
  });
}
