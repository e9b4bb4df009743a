import { expect, test } from "@jest/globals";
import type { KubernetesObject, Workloads } from "@pharos/store";
import { actOnWorkloads } from "./keep-workloads.ts";
import type { WorkloadObject } from "./kubernetes-objects.ts";

test("an object that is refused keeps none of the others from being written, and the round fails with its reason", async () => {
  const written: string[] = [];
  const write = async ({ metadata }: KubernetesObject) => {
    if (metadata.name === "bad") throw new Error("bad is refused");
    written.push(metadata.name);
  };
  const workloads: Workloads = {
    apply: async (object) => write(object).then(() => object),
    delete: write,
    list: async () => [],
    isTaken: async () => false,
    watch: async () => undefined,
  };
  const never = async (): Promise<never> => {
    throw new Error("no registry entry is written");
  };
  const object = (name: string): WorkloadObject => ({ apiVersion: "v1", kind: "Service", metadata: { name }, spec: {} });
  const decision = {
    apply: [object("bad"), object("new")],
    remove: [object("bad"), object("old")],
    register: [],
    unregister: [],
    states: new Map(),
  };
  await expect(actOnWorkloads({ store: { create: never, update: never, delete: never }, workloads }, decision)).rejects.toThrow(
    "bad is refused",
  );
  expect(written).toEqual(["new", "old"]);
});
