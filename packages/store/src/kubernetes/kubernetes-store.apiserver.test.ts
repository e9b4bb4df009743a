import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { silentLog, systemClock } from "@pharos/base";
import { KIND_INFO, type Kind } from "@pharos/kinds";
import { type ApiWithKinds, startApiWithKinds } from "@pharos/lab/kubernetes";
import { bridge } from "../conformance/fixtures.ts";
import { readerConformance, writerConformance } from "../conformance/index.ts";
import { refOf } from "../ref.ts";
import { kubeconfigCredentials } from "./credentials.ts";
import { connectKubernetesStore, type KubernetesStore } from "./kubernetes-store.ts";

let api: ApiWithKinds;

beforeAll(async () => {
  api = await startApiWithKinds(process.env);
  api.kubectl(["create", "namespace", "other"]);
});
afterAll(() => api.stop());

async function connect(kubeconfig = api.kubeconfig): Promise<KubernetesStore> {
  return connectKubernetesStore({
    credentials: await kubeconfigCredentials(kubeconfig),
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
