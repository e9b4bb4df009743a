import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { silentLog, systemClock } from "@pharos/base";
import { type Bridge, KIND_INFO, type Kind } from "@pharos/kinds";
import { type ApiWithKinds, startApiWithKinds, startFaultProxy } from "@pharos/lab/kubernetes";
import { bridge, deployment, subnetOf } from "../conformance/fixtures.ts";
import { readerConformance, writerConformance } from "../conformance/index.ts";
import { refOf } from "../ref.ts";
import { kubeconfigCredentials } from "./credentials.ts";
import { followResource } from "./follow-resource.ts";
import { connectKubernetesStore, type KubernetesStore } from "./kubernetes-store.ts";
import { ObjectWriter } from "./object-writer.ts";
import { type ApiObject, listAll } from "./reflector.ts";
import type { Resource } from "./resource.ts";

let api: ApiWithKinds;

beforeAll(async () => {
  api = await startApiWithKinds(process.env);
  api.kubectl(["create", "namespace", "other"]);
});
afterAll(() => api.stop());

async function connect(kubeconfig = api.kubeconfig, server?: string): Promise<KubernetesStore> {
  return connectKubernetesStore({
    credentials: await kubeconfigCredentials(kubeconfig, server),
    fieldManager: "pharos-test",
    clock: systemClock,
    log: silentLog,
    random: Math.random,
    newId: () => crypto.randomUUID(),
  });
}

/** Removes all objects of our kinds. */
async function empty(store: KubernetesStore): Promise<void> {
  for (const kind of Object.keys(KIND_INFO) as Kind[]) {
    const { items } = await store.list(kind);
    await Promise.all(items.map((object) => store.delete(refOf(object))));
  }
}

const makeStore = async () => {
  const store = await connect();
  await empty(store);
  return { reader: store, writer: store, dispose: () => store.close() };
};

readerConformance("the Kubernetes store", makeStore);
writerConformance("the Kubernetes store", makeStore);

describe("the Kubernetes store", () => {
  test("a refusal by the API server names the field", async () => {
    const store = await connect();
    const bad = bridge("bad", "10.2.1.0/24");
    const object = { ...bad, spec: { bridges: bad.spec.bridges.map((entry) => ({ ...entry, default: true, bridgeFor: "vm" as const })) } };
    await expect(store.create(object)).rejects.toMatchObject({
      code: "PHAROS-3005",
      findings: [expect.objectContaining({ path: expect.stringContaining("spec.bridges[0].default") })],
    });
    await store.close();
  });

  test("a right that is missing is told with verb and resource", async () => {
    const store = await connect(await api.writeKubeconfig("nobody"));
    await expect(store.list("Bridge")).rejects.toMatchObject({
      code: "PHAROS-3007",
      message: expect.stringContaining("list bridges.pharos.io"),
    });
    await store.close();
  });

  test("a change set whose last object is refused deletes nothing and marks nothing", async () => {
    const store = await connect();
    await empty(store);
    const kept = await store.create<"Bridge">(bridge("kept"));
    const bad = { ...bridge("bad"), spec: { bridges: [{ ...bridge("bad").spec.bridges[0], name: "NOT/A/NAME" }] } } as Bridge;
    const stale = { ...(await store.create<"Bridge">(bridge("stale"))), spec: bridge("stale", "10.9.0.0/24").spec };
    await store.update(bridge("stale", "10.8.0.0/24"));
    for (const object of [bad, stale]) {
      const set = { apply: [object], delete: [{ kind: "Bridge", name: "kept" } as const], door: "test" };
      await expect(store.applySet(set)).rejects.toMatchObject({ code: expect.stringMatching(/PHAROS-300[25]/) });
      expect(await store.get({ kind: "Bridge", name: "kept" })).toEqual(kept);
    }
    await store.close();
  });

  test("change sets are written whole while somebody writes the same objects' status", async () => {
    const store = await connect();
    await empty(store);
    const names = ["one", "two", "gone"];
    for (const name of names) await store.create(bridge(name));
    const stop = new AbortController();
    const busy = names.map(async (name) => {
      for (let round = 0; !stop.signal.aborted; round += 1) {
        const condition = {
          type: "Accepted",
          status: "True",
          reason: `R${round}`,
          message: "",
          lastTransitionTime: "2026-01-01T00:00:00Z",
        } as const;
        await store.patchStatus({ kind: "Bridge", name }, { conditions: [condition] }).catch(() => {});
        await systemClock.sleep(15);
      }
    });
    for (let round = 0; round < 10; round += 1) {
      const subnet = `10.${round + 10}.0.0/24`;
      const set = { apply: [bridge("one", subnet), bridge("two", subnet)], delete: [], door: "test" };
      expect((await store.applySet(set)).changed).toHaveLength(2);
    }
    await store.applySet({ apply: [], delete: [{ kind: "Bridge", name: "gone" }], door: "test" });
    stop.abort();
    await Promise.all(busy);
    const { items } = await store.list("Bridge");
    expect(items.map((item) => `${item.metadata.name} ${subnetOf(item)}`)).toEqual(["one 10.19.0.0/24", "two 10.19.0.0/24"]);
    expect(items.every(({ status }) => status?.conditions?.length === 1)).toBe(true);
    await store.close();
  });

  test("a dry run of a deletion deletes nothing", async () => {
    const store = await connect();
    await empty(store);
    await store.create(bridge("kept"));
    const writer = new ObjectWriter({ transport: store.transport, fieldManager: "pharos-test", mayWrite: () => {} });
    await writer.remove({ kind: "Bridge", name: "kept" }, { dryRun: true });
    expect(await store.get({ kind: "Bridge", name: "kept" })).toBeDefined();
    await store.close();
  });

  test("a deletion of a version that is no more is a conflict", async () => {
    const store = await connect();
    await empty(store);
    const { metadata } = await store.create<"Bridge">(bridge("kept"));
    await store.update(bridge("kept", "10.8.0.0/24"));
    const writer = new ObjectWriter({ transport: store.transport, fieldManager: "pharos-test", mayWrite: () => {} });
    const { resourceVersion = "" } = metadata;
    await expect(writer.remove({ kind: "Bridge", name: "kept" }, { resourceVersion })).rejects.toMatchObject({ code: "PHAROS-3002" });
    expect(await store.get({ kind: "Bridge", name: "kept" })).toBeDefined();
    await store.close();
  });

  test.each([
    ["group", { group: "none.pharos.io", version: "v1", plural: "bridges" }],
    ["version", { group: "pharos.io", version: "v9", plural: "bridges" }],
    ["kind", { group: "pharos.io", version: "v1", plural: "nothings" }],
  ])("an unknown %s is told from an object that is not there", async (_what, resource) => {
    const store = await connect();
    const list = listAll(store.reflector, { resource, trim: (object) => object });
    await expect(list).rejects.toMatchObject({ code: "PHAROS-3021" });
    await store.close();
  });

  test("an object in a namespace that is not there is told by the namespace's name", async () => {
    const store = await connect();
    await expect(store.create(deployment("nowhere", "services"))).rejects.toMatchObject({
      code: "PHAROS-3001",
      message: expect.stringContaining('namespaces "nowhere" not found'),
    });
    await store.close();
  });

  test("lists of several pages are whole and sorted, also when the pages' snapshot expires half-way", async () => {
    const proxy = await startFaultProxy(api);
    const store = await connect(api.kubeconfig, proxy.url);
    await empty(store);
    const names = Array.from({ length: 250 }, (_, index) => `page-${String(index).padStart(3, "0")}`);
    for (let at = 0; at < names.length; at += 20) await Promise.all(names.slice(at, at + 20).map((name) => store.create(bridge(name))));
    const body = JSON.stringify({ kind: "Status", status: "Failure", reason: "Expired", code: 410 });
    let expired = 0;
    proxy.intercept(({ path }) => (path.includes("continue=") && expired++ < 1 ? { kind: "status", status: 410, body } : undefined));
    const { items } = await store.list("Bridge");
    expect(items.map(({ metadata }) => metadata.name)).toEqual(names);
    // The first attempt asks for one page more, the second one for two.
    expect(expired).toBe(3);
    await store.close();
    await proxy.stop();
  });

  test("a core resource can be followed, trimmed", async () => {
    const store = await connect();
    const stop = new AbortController();
    const nodes: Resource = { group: "", version: "v1", plural: "nodes" };
    const trim = ({ metadata: { name, resourceVersion = "" } }: ApiObject) => ({ metadata: { name, resourceVersion } });
    const events: string[] = [];
    const { promise: seen, resolve } = Promise.withResolvers<void>();
    const followed = followResource(
      store.reflector,
      { resource: nodes, trim },
      {
        signal: stop.signal,
        onSync: () => api.kubectl(["create", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "Node", metadata: { name: "vm1" } })),
        onEvent: ({ type, object }) => {
          events.push(`${type} ${object.metadata.name}`);
          resolve();
        },
      },
    );
    await seen;
    expect(events).toEqual(["ADDED vm1"]);
    expect(followed.items()).toEqual([{ metadata: { name: "vm1", resourceVersion: expect.stringMatching(/^\d+$/) } }]);
    stop.abort();
    await followed.finished;
    await store.close();
  });

  test("nothing is sent for a writer that leads no more", async () => {
    const calls: string[] = [];
    const store = connectKubernetesStore({
      credentials: await kubeconfigCredentials(api.kubeconfig),
      fieldManager: "pharos-test",
      clock: systemClock,
      log: silentLog,
      random: Math.random,
      newId: () => crypto.randomUUID(),
      mayWrite: () => false,
      onCall: ({ verb }) => calls.push(verb),
    });
    await expect(store.create(bridge("one"))).rejects.toMatchObject({ code: "PHAROS-3022" });
    expect(calls).toEqual([]);
    await store.close();
  });
});
