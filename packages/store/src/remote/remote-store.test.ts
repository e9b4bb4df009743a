import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { silentLog, systemClock } from "@pharos/base";
import type { HostReport, PodNetwork } from "@pharos/kinds";
import { StoreServiceService } from "@pharos/rpc";
import { bridge, changesAfter, changeTexts } from "../conformance/fixtures.ts";
import { readerConformance, writerConformance } from "../conformance/index.ts";
import { type EmbeddedStore, openEmbeddedStore } from "../embedded/index.ts";
import type { Store } from "../store.ts";
import { type Authorize, authorizeAgent, connectRemoteStore, storeService } from "./index.ts";

let folder: string;
let closing: (() => Promise<void> | void)[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pharos-remote-"));
  closing = [];
});

afterEach(async () => {
  for (const close of closing.reverse()) await close();
  rmSync(folder, { recursive: true });
});

const address = () => `unix:${join(folder, "store.sock")}`;

function openFile(name = "store.sqlite"): EmbeddedStore {
  const store = openEmbeddedStore({
    path: join(folder, name),
    admit: (value) => ({ value: value as object, findings: [] }),
    clock: systemClock,
    newId: () => crypto.randomUUID(),
    log: silentLog,
  });
  closing.push(() => store.close());
  return store;
}

async function serve(store: Store, authorize: Authorize): Promise<Server> {
  const server = new Server();
  server.addService(StoreServiceService, storeService({ store, authorize, log: silentLog }));
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(address(), ServerCredentials.createInsecure(), (error) => (error === null ? resolve() : reject(error)));
  });
  closing.push(() => server.forceShutdown());
  return server;
}

function connect(hostName: string, deadline = 5000): Store {
  const store = connectRemoteStore({ address: address(), hostName, clock: systemClock, log: silentLog, deadline });
  closing.push(() => store.close());
  return store;
}

const makeStore = async () => {
  await serve(openFile(), () => undefined);
  const store = connect("soc1");
  return { reader: store, writer: store, dispose: async () => {} };
};

readerConformance("the remote store", makeStore);
writerConformance("the remote store", makeStore);

describe("the remote store", () => {
  test("tells the epoch of the store behind it", async () => {
    const behind = openFile();
    await serve(behind, authorizeAgent);
    expect(await connect("soc1").epoch()).toBe(await behind.epoch());
  });

  test("says that the store is unavailable when nobody serves it", async () => {
    const store = connect("soc1");
    await expect(store.epoch()).rejects.toMatchObject({ code: "PHAROS-3006" });
    await expect(store.list("Bridge")).rejects.toMatchObject({ code: "PHAROS-3006" });
  });

  test("says that the store is unavailable when it does not answer in time", async () => {
    const stuck: Store = { ...unusable, epoch: () => new Promise(() => {}) };
    await serve(stuck, authorizeAgent);
    await expect(connect("soc1", 200).epoch()).rejects.toMatchObject({ code: "PHAROS-3006" });
  });

  test("a watch outlives a restart of the server and misses nothing", async () => {
    const behind = openFile();
    const server = await serve(behind, authorizeAgent);
    const store = connect("soc1");
    const { resourceVersion } = await store.list("Bridge");
    const changes = changesAfter(store, resourceVersion, 2);
    await behind.create(bridge("one"));
    server.forceShutdown();
    await behind.create(bridge("two"));
    await serve(behind, authorizeAgent);
    expect(changeTexts(await changes)).toEqual(["ADDED one", "ADDED two"]);
  });

  test("a watch ends with history gone when another store took over", async () => {
    const server = await serve(openFile("first.sqlite"), authorizeAgent);
    const store = connect("soc1");
    const { resourceVersion } = await store.list("Bridge");
    const changes = changesAfter(store, resourceVersion, 1);
    server.forceShutdown();
    await serve(openFile("second.sqlite"), authorizeAgent);
    await expect(changes).rejects.toMatchObject({ code: "PHAROS-3004" });
  });
});

describe("an agent through the remote store", () => {
  const report = (name: string): HostReport => ({
    apiVersion: "pharos.io/v1",
    kind: "HostReport",
    metadata: { name },
    spec: { host: name },
  });
  const pod = (name: string, host?: string): PodNetwork =>
    ({
      apiVersion: "pharos.io/v1",
      kind: "PodNetwork",
      metadata: { name, namespace: "default" },
      spec: host === undefined ? {} : { host },
    }) as PodNetwork;

  let behind: EmbeddedStore;
  let store: Store;
  beforeEach(async () => {
    behind = openFile();
    await serve(behind, authorizeAgent);
    store = connect("soc1");
  });

  test("reads documents", async () => {
    await behind.create(bridge("one"));
    expect((await store.list("Bridge")).items).toHaveLength(1);
  });

  test("writes its own report", async () => {
    await store.create(report("soc1"));
    await store.patchStatus({ kind: "HostReport", name: "soc1" }, { state: "Committed" } as NonNullable<HostReport["status"]>);
    expect((await behind.get({ kind: "HostReport", name: "soc1" }))?.status?.state).toBe("Committed");
  });

  test("may not write the report of another host", async () => {
    await behind.create(report("soc2"));
    const ref = { kind: "HostReport", name: "soc2" } as const;
    const denied = { code: "PHAROS-3007" };
    await expect(store.create(report("soc3"))).rejects.toMatchObject(denied);
    await expect(store.patchStatus(ref, {} as NonNullable<HostReport["status"]>)).rejects.toMatchObject(denied);
    await expect(store.delete(ref)).rejects.toMatchObject(denied);
    expect((await behind.get(ref))?.status).toBeUndefined();
  });

  test("may not write documents, alone or in a set", async () => {
    await expect(store.create(bridge("one"))).rejects.toMatchObject({ code: "PHAROS-3007" });
    const set = { apply: [report("soc1"), bridge("one")], delete: [], door: "agent" };
    await expect(store.applySet(set)).rejects.toMatchObject({ code: "PHAROS-3007" });
    expect((await behind.list("HostReport")).items).toEqual([]);
  });

  test("writes pods of its host, and takes over a request that no host has taken", async () => {
    await store.create(pod("pod-1", "soc1"));
    await behind.create(pod("request-1"));
    await store.update(pod("request-1", "soc1"));
    expect((await behind.get({ kind: "PodNetwork", name: "request-1", namespace: "default" }))?.spec.host).toBe("soc1");
  });

  test("may not take a pod of another host, nor give one away", async () => {
    await behind.create(pod("pod-2", "soc2"));
    await behind.create(pod("pod-1", "soc1"));
    await expect(store.update(pod("pod-2", "soc1"))).rejects.toMatchObject({ code: "PHAROS-3007" });
    await expect(store.update(pod("pod-1", "soc2"))).rejects.toMatchObject({ code: "PHAROS-3007" });
    await expect(store.create(pod("pod-3", "soc2"))).rejects.toMatchObject({ code: "PHAROS-3007" });
  });

  test("that names no host may write nothing", async () => {
    await expect(connect("").create(report("soc1"))).rejects.toMatchObject({ code: "PHAROS-3007" });
  });
});

const never = () => Promise.reject(new Error("not used"));
const unusable: Store = {
  get: never,
  list: never,
  watch: () => {
    throw new Error("not used");
  },
  create: never,
  update: never,
  patchStatus: never,
  delete: never,
  applySet: never,
  epoch: never,
  close: async () => {},
};
