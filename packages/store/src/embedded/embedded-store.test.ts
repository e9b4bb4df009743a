import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type Log, type PharosError, silentLog, systemClock } from "@pharos/base";
import { admitObject } from "@pharos/documents";
import { bridge, changesAfter, subnetOf } from "../conformance/fixtures.ts";
import { readerConformance, writerConformance } from "../conformance/index.ts";
import { type EmbeddedStore, type EmbeddedStoreOptions, openEmbeddedStore } from "./index.ts";

let folder: string;
let opened: EmbeddedStore[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pharos-store-"));
  opened = [];
});

afterEach(async () => {
  for (const store of opened) await store.close();
  rmSync(folder, { recursive: true });
});

const storePath = () => join(folder, "store.sqlite");

function open(more: Partial<EmbeddedStoreOptions> = {}): EmbeddedStore {
  const store = openEmbeddedStore({
    path: storePath(),
    admit: (value) => ({ value: value as object, findings: [] }),
    clock: systemClock,
    newId: () => crypto.randomUUID(),
    log: silentLog,
    ...more,
  });
  opened.push(store);
  return store;
}

const makeStore = async () => {
  const store = open({ admit: admitObject });
  return { reader: store, writer: store, dispose: async () => {} };
};

readerConformance("the embedded store", makeStore);
writerConformance("the embedded store", makeStore);

describe("the embedded store's file", () => {
  test("keeps objects, epoch and history over a restart", async () => {
    const first = open();
    const epoch = await first.epoch();
    const { resourceVersion } = await first.list("Bridge");
    await first.create(bridge("one", "10.7.0.0/24"));
    await first.close();
    const second = open();
    expect(await second.epoch()).toBe(epoch);
    expect(subnetOf(await second.get({ kind: "Bridge", name: "one" }))).toBe("10.7.0.0/24");
    expect(await changesAfter(second, resourceVersion, 1)).toHaveLength(1);
  });

  test("is written to disk before a write returns, as a copy of the files shows", async () => {
    const store = open();
    await store.create(bridge("one"));
    for (const suffix of ["", "-wal"]) copyFileSync(storePath() + suffix, join(folder, `copy${suffix}`));
    const copy = open({ path: join(folder, "copy") });
    expect(await copy.get({ kind: "Bridge", name: "one" })).toBeDefined();
  });

  test("is a new store with a new epoch where the file is missing", async () => {
    const first = open();
    const epoch = await first.epoch();
    await first.create(bridge("one"));
    await first.close();
    rmSync(storePath());
    const second = open();
    expect(await second.epoch()).not.toBe(epoch);
    expect((await second.list("Bridge")).items).toEqual([]);
  });

  test.each(["removed", "replaced"])(
    "is noticed at the next write when it was %s while open, and nothing pretends to be stored",
    async (what) => {
      const lost: PharosError[] = [];
      const store = open({ onLost: (error) => lost.push(error) });
      await store.create(bridge("one"));
      rmSync(storePath());
      if (what === "replaced") writeFileSync(storePath(), "");
      await expect(store.create(bridge("two"))).rejects.toMatchObject({ code: "PHAROS-3008" });
      await expect(store.list("Bridge")).rejects.toMatchObject({ code: "PHAROS-3008" });
      expect(lost).toHaveLength(1);
    },
  );

  test("is noticed without a write when it was removed while open, and ends watches", async () => {
    const store = open();
    const { resourceVersion } = await store.list("Bridge");
    const watch = changesAfter(store, resourceVersion, 1);
    rmSync(storePath());
    await expect(watch).rejects.toMatchObject({ code: "PHAROS-3008" });
  });

  test("may be removed while open and begun anew by a second process", async () => {
    const first = open();
    await first.create(bridge("one"));
    rmSync(storePath());
    const second = open();
    expect(await second.epoch()).not.toBe(await first.epoch());
    await second.create(bridge("two"));
    expect((await second.list("Bridge")).items.map(({ metadata }) => metadata.name)).toEqual(["two"]);
  });

  test("cannot be opened twice", () => {
    open();
    expect(() => open()).toThrow(expect.objectContaining({ code: "PHAROS-3010" }));
  });

  test("of another program is refused and left as it is", () => {
    const database = new DatabaseSync(storePath());
    database.exec("CREATE TABLE theirs (a)");
    database.close();
    expect(() => open()).toThrow(expect.objectContaining({ code: "PHAROS-3010" }));
    expect(readdirSync(folder)).toEqual(["store.sqlite"]);
  });

  test("of a newer schema is refused and left as it is", async () => {
    await open().close();
    const database = new DatabaseSync(storePath());
    database.exec("PRAGMA user_version = 99");
    database.close();
    expect(() => open()).toThrow(expect.objectContaining({ code: "PHAROS-3010" }));
    expect(existsSync(`${storePath()}.corrupt-1`)).toBe(false);
  });

  test("in a folder that does not exist is refused", () => {
    expect(() => open({ path: join(folder, "missing", "store.sqlite") })).toThrow(expect.objectContaining({ code: "PHAROS-3010" }));
  });
});

describe("a damaged store file", () => {
  const errors: string[] = [];
  const log: Log = { ...silentLog, error: (message) => errors.push(message) };

  beforeEach(async () => {
    errors.length = 0;
    const store = open();
    for (let index = 0; index < 50; index += 1) await store.create(bridge(`bridge-${index}`));
    await store.close();
  });

  const damages: Record<string, () => void> = {
    "is not a database": () => writeFileSync(storePath(), "not a database at all".repeat(100)),
    "was truncated": () => truncateSync(storePath(), 8192),
    "has garbage in the middle": () => {
      const file = openSync(storePath(), "r+");
      writeSync(file, Buffer.alloc(20_000, "garbage"), 0, 20_000, 8192);
      closeSync(file);
    },
  };

  test.each(Object.keys(damages))("that %s is set aside, with an error, and a new store is begun", async (damage) => {
    damages[damage]?.();
    const store = open({ log });
    expect((await store.list("Bridge")).items).toEqual([]);
    await store.create(bridge("one"));
    expect(existsSync(`${storePath()}.corrupt-1`)).toBe(true);
    expect(errors).toEqual([expect.stringContaining("PHAROS-3009")]);
  });

  test("never overwrites one that was set aside before", async () => {
    for (const round of [1, 2]) {
      writeFileSync(storePath(), "garbage".repeat(1000 * round));
      await open({ log }).close();
    }
    expect(
      readdirSync(folder)
        .filter((name) => name.includes("corrupt"))
        .sort(),
    ).toEqual(["store.sqlite.corrupt-1", "store.sqlite.corrupt-2"]);
  });
});

describe("the embedded store's history", () => {
  test("is bounded by the number of events", async () => {
    const store = open({ history: { events: 10, size: 1e9 } });
    const { resourceVersion } = await store.list("Bridge");
    for (let index = 0; index < 12; index += 1) await store.create(bridge(`bridge-${index}`));
    await expect(changesAfter(store, resourceVersion, 1)).rejects.toMatchObject({ code: "PHAROS-3004" });
    expect(await changesAfter(store, "2", 10)).toHaveLength(10);
  });

  test("is bounded by size", async () => {
    const store = open({ history: { events: 1000, size: 100_000 } });
    const { resourceVersion } = await store.list("Bridge");
    const note = "x".repeat(40_000);
    for (let index = 0; index < 4; index += 1) {
      const object = bridge(`bridge-${index}`);
      await store.create({ ...object, metadata: { ...object.metadata, annotations: { note } } });
    }
    await expect(changesAfter(store, resourceVersion, 1)).rejects.toMatchObject({ code: "PHAROS-3004" });
    expect((await changesAfter(store, "3", 1)).map(({ object }) => object.metadata.name)).toEqual(["bridge-3"]);
  });

  test("of a reader that fell behind ends its watch", async () => {
    const store = open({ history: { events: 3, size: 1e9 } });
    const { resourceVersion } = await store.list("Bridge");
    const watch = store.watch("Bridge", { resourceVersion, signal: new AbortController().signal });
    await store.create(bridge("first"));
    await watch.next();
    for (let index = 0; index < 8; index += 1) await store.create(bridge(`bridge-${index}`));
    await expect(watch.next()).rejects.toMatchObject({ code: "PHAROS-3004" });
  });
});

describe("admission by the embedded store", () => {
  const admit: EmbeddedStoreOptions["admit"] = (value) => {
    const { metadata } = value as { metadata: { name: string } };
    const finding = { code: "PHAROS-1000", severity: "ERROR", path: "spec", description: "bad", recommendation: "mend it" } as const;
    return { value: value as object, findings: metadata.name === "bad" ? [finding] : [] };
  };

  test("refuses with the findings, and writes nothing", async () => {
    const store = open({ admit });
    await expect(store.create(bridge("bad"))).rejects.toMatchObject({ code: "PHAROS-3005", findings: [{ path: "spec" }] });
    const set = { apply: [bridge("good"), bridge("bad")], delete: [], door: "test" };
    await expect(store.applySet(set)).rejects.toMatchObject({ code: "PHAROS-3005" });
    expect(await store.list("Bridge")).toEqual({ items: [], resourceVersion: "0" });
  });
});
