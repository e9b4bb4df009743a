import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { systemClock } from "@pharos/base";
import { type ApiWithKinds, startApiWithoutKinds } from "@pharos/lab/kubernetes";
import type { Store } from "@pharos/store";
import {
  applyAll,
  conditionOf,
  doorStore,
  eventOf,
  eventually,
  podBridge,
  revisionsIn,
  startOperator,
  subnetsOf,
  type TestOperator,
  vehicle,
} from "./test-operator.ts";

let api: ApiWithKinds;
let store: Store;
let operator: TestOperator | undefined;

beforeEach(async () => {
  api = await startApiWithoutKinds(process.env);
  api.installKinds("SecurityConfig");
  store = await doorStore(api.kubeconfig);
}, 90_000);

afterEach(async () => {
  await operator?.stop();
  await store?.close();
  await api?.stop();
});

test("the operator does nothing while its kinds are not installed, says so once, and begins when they are", async () => {
  applyAll(api, [vehicle(), podBridge("podBr0", "10.8.1.0/24")]);
  operator = await startOperator(api.kubeconfig);
  const car = { kind: "Node", name: "car" } as const;
  const bridge = { kind: "Bridge", name: "podbr0" } as const;
  expect((await conditionOf(store, car, { type: "StoreAccess", reason: "KindMissing" })).message).toContain("SecurityConfig");
  expect((await conditionOf(store, bridge, { type: "Frozen", reason: "Refused" })).message).toContain("PHAROS-3202");
  await eventOf(api, { reason: "KindMissing", name: "car", part: "SecurityConfig" });
  await systemClock.sleep(6000);
  expect(await revisionsIn(store)).toEqual([]);
  expect(operator.lines.filter((line) => line.includes("PHAROS-3202"))).toHaveLength(2);
  api.installKinds();
  const first = await eventually("revision 1", async () => (await revisionsIn(store))[0]);
  expect(subnetsOf(first)).toEqual(["10.8.1.0/24"]);
  await conditionOf(store, car, { type: "StoreAccess", reason: "AllKinds" });
}, 90_000);
