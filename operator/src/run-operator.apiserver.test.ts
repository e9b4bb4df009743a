import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { systemClock } from "@pharos/base";
import type { Kind, KindMap } from "@pharos/kinds";
import { type ApiWithKinds, startApiWithKinds } from "@pharos/lab/kubernetes";
import { type DecodedRevision, ROLLBACK_ANNOTATION, refOf, type Store } from "@pharos/store";
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
  type Wanted,
} from "./test-operator.ts";

const ROOT = join(import.meta.dirname, "../..");
const DOCUMENT_KINDS = ["Node", "Bridge", "RoutingConfig", "SecurityConfig", "ServiceDeployment"] as const;
type DocumentKind = (typeof DOCUMENT_KINDS)[number];

let api: ApiWithKinds;
let store: Store;
let operator: TestOperator | undefined;
/** Number of the newest revision before the test. */
let before = 0;

beforeAll(async () => {
  api = await startApiWithKinds(process.env);
  store = await doorStore(api.kubeconfig);
}, 60_000);

afterAll(async () => {
  await store?.close();
  await api?.stop();
});

beforeEach(async () => {
  before = (await newest())?.number ?? 0;
});

afterEach(async () => {
  await operator?.stop();
  operator = undefined;
  for (const kind of DOCUMENT_KINDS) for (const object of (await store.list(kind)).items) await store.delete(refOf(object));
});

async function newest(): Promise<DecodedRevision | undefined> {
  return (await revisionsIn(store)).at(-1);
}

/** The revision that is the `nth` new one of this test. */
const revision = (nth: number) =>
  eventually(`revision ${nth}`, async () => (await revisionsIn(store)).find(({ number }) => number === before + nth));

const madeHere = async () => (await revisionsIn(store)).filter(({ number }) => number > before);

const apply = (...documents: readonly object[]) => applyAll(api, documents);

const tagged = <D extends { readonly metadata: object }>(document: D, change: string): D => ({
  ...document,
  metadata: { ...document.metadata, annotations: { "pharos.io/change": change } },
});

const condition = (kind: Kind, name: string, want: Wanted) => conditionOf(store, { kind, name }, want);
const event = (reason: string, name: string, part: string) => eventOf(api, { reason, name, part });

/** Documents of a folder as `pharosctl convert` writes them for kubectl. */
function converted(folder: string): string {
  const files = globSync(join(ROOT, folder, "*.yaml")).flatMap((file) => ["-f", file]);
  return spawnSync(process.execPath, [join(ROOT, "pharosctl/src/main.ts"), "convert", ...files, "--to", "kubectl"], { encoding: "utf8" })
    .stdout;
}

/** Kind of each document, and what its condition Accepted says: `True`, or the findings. */
async function acceptance(): Promise<readonly (readonly [string, string])[]> {
  const objects = (await Promise.all(DOCUMENT_KINDS.map((kind) => store.list(kind)))).flatMap(
    ({ items }): readonly KindMap[DocumentKind][] => items,
  );
  return Promise.all(
    objects.map(async (object) => {
      const { status, message } = await eventually(`${object.kind} is judged`, async () =>
        (await store.get(refOf(object)))?.status?.conditions?.find(({ type }) => type === "Accepted"),
      );
      return [object.kind, status === "True" ? status : (message ?? "")] as const;
    }),
  );
}

describe("the operator on a real API server", () => {
  test("accepts a vehicle in the specification's spelling, converted for kubectl", async () => {
    operator = await startOperator(api.kubeconfig);
    api.kubectl(["apply", "-f", "-"], converted("docs/examples/vehicle"));
    await revision(1);
    for (const [kind, findings] of await acceptance()) expect([kind, findings]).toEqual([kind, "True"]);
    expect(api.kubectl(["get", "pnode,pbr,prc"])).toMatch(/True/);
  }, 60_000);

  test("says of the specification's samples, which contradict each other, where they do", async () => {
    operator = await startOperator(api.kubeconfig);
    api.kubectl(["apply", "-f", "-"], converted("docs/examples/specification"));
    const found = new Map(await acceptance());
    expect(found.get("RoutingConfig")).toContain("PHAROS-1250 spec.routingInfo[0].srcIntfName");
    expect([found.get("SecurityConfig"), found.get("ServiceDeployment")]).toEqual(["True", "True"]);
  }, 60_000);

  test("keeps the last valid version of a document that kubectl took and another contradicts", async () => {
    operator = await startOperator(api.kubeconfig);
    apply(vehicle(), podBridge("podBr0", "10.2.1.0/24"), podBridge("podBr1", "10.2.2.0/24"));
    await revision(1);
    apply(podBridge("podBr1", "10.2.1.128/25"));
    await condition("Bridge", "podbr1", { type: "Frozen", reason: "LastValidVersion" });
    expect((await condition("Bridge", "podbr1", { type: "Accepted", reason: "Invalid" })).message).toMatch(/PHAROS-\d+/);
    await event("Invalid", "podbr1", "spec.bridges[0]");
    apply(podBridge("podBr2", "10.2.3.0/24"));
    expect(subnetsOf(await revision(2))).toEqual(["10.2.1.0/24", "10.2.2.0/24", "10.2.3.0/24"]);
  }, 60_000);

  test("freezes a change set once, its deletion included, though objects arrive one by one", async () => {
    apply(vehicle(), podBridge("old", "10.2.1.0/24"));
    operator = await startOperator(api.kubeconfig);
    await revision(1);
    const many = Array.from({ length: 30 }, (_, index) => podBridge(`br${index}`, `10.3.${index}.0/24`));
    await store.applySet({ apply: many, delete: [{ kind: "Bridge", name: "old" }], door: "test" });
    expect(subnetsOf(await revision(2))).toHaveLength(30);
    await systemClock.sleep(1500);
    expect(await madeHere()).toHaveLength(2);
    expect(operator.lines).toEqual([]);
  }, 60_000);

  test("freezes what hands applied one after the other as one", async () => {
    operator = await startOperator(api.kubeconfig);
    apply(vehicle());
    for (const index of [1, 2, 3]) await store.create(podBridge(`br${index}`, `10.2.${index}.0/24`));
    expect(subnetsOf(await revision(1))).toHaveLength(3);
    await systemClock.sleep(1500);
    expect(await madeHere()).toHaveLength(1);
  }, 60_000);

  test("takes half a change set after 5 s, and warns", async () => {
    operator = await startOperator(api.kubeconfig);
    apply(vehicle());
    await revision(1);
    const began = systemClock.monotonic();
    apply(tagged(podBridge("half", "10.2.1.0/24"), "half-a-set/2"));
    await revision(2);
    expect(systemClock.monotonic() - began).toBeGreaterThan(4500);
    expect(operator.lines.join("\n")).toContain("PHAROS-3201");
    await event("ChangeIncomplete", "car", "half-a-set");
  }, 60_000);

  test("joins a change set in whose middle it was restarted", async () => {
    operator = await startOperator(api.kubeconfig);
    apply(vehicle(), podBridge("br1", "10.2.1.0/24"));
    await revision(1);
    apply(tagged(podBridge("br1", "10.4.1.0/24"), "in-two/3"));
    await systemClock.sleep(300);
    await operator.stop();
    await store.create(tagged(podBridge("br2", "10.4.2.0/24"), "in-two/3"));
    operator = await startOperator(api.kubeconfig);
    await systemClock.sleep(2500);
    await store.create(tagged(podBridge("br3", "10.4.3.0/24"), "in-two/3"));
    expect(subnetsOf(await revision(2))).toEqual(["10.4.1.0/24", "10.4.2.0/24", "10.4.3.0/24"]);
    expect(operator.lines.join("\n")).not.toContain("PHAROS-3201");
  }, 60_000);

  test("a re-apply after a rollback does not fight it, a change ends it", async () => {
    const documents = [vehicle(), podBridge("podBr0", "10.2.1.0/24")];
    operator = await startOperator(api.kubeconfig);
    apply(...documents);
    const first = await revision(1);
    const changed = [documents[0] ?? {}, podBridge("podBr0", "10.5.0.0/16")];
    apply(...changed);
    await revision(2);
    api.kubectl(["annotate", "configrevision", `r${first.number}`, `${ROLLBACK_ANNOTATION}=by-hand`]);
    const back = await revision(3);
    expect([subnetsOf(back), back.pin?.number]).toEqual([["10.2.1.0/24"], first.number]);
    await condition("Bridge", "podbr0", { type: "InSync", reason: "OutOfSync" });
    const mark = async () => (await store.get({ kind: "ConfigRevision", name: `r${first.number}` }))?.metadata.annotations;
    await eventually("the mark goes", async () => ((await mark()) === undefined ? true : undefined));
    for (let round = 0; round < 3; round++) {
      apply(...changed);
      await systemClock.sleep(700);
    }
    await operator.stop();
    operator = await startOperator(api.kubeconfig);
    apply(...changed);
    await systemClock.sleep(2000);
    expect((await madeHere()).map(({ pin }) => pin?.number)).toEqual([undefined, undefined, first.number]);
    apply(changed[0] ?? {}, podBridge("podBr0", "10.6.0.0/16"));
    const after = await revision(4);
    expect([subnetsOf(after), after.pin]).toEqual([["10.6.0.0/16"], undefined]);
  }, 60_000);

  test("without the right to read one kind goes on with what the last revision has of it", async () => {
    operator = await startOperator(api.kubeconfig);
    apply(vehicle(), podBridge("podBr0", "10.2.1.0/24"), ROUTES);
    const routes = (await revision(1)).content.documents.routingConfigs.length;
    await operator.stop();
    apply(...rightsWithout("blind", "routingconfigs"));
    operator = await startOperator(await api.writeKubeconfig("blind"));
    apply(podBridge("podBr1", "10.2.2.0/24"));
    const { content } = await revision(2);
    expect([routes, content.documents.routingConfigs.length]).toEqual([1, 1]);
    const told = await condition("Node", "car", { type: "StoreAccess", reason: "Denied" });
    expect(told.message).toContain("routingconfigs.pharos.io");
    await event("Denied", "car", "RoutingConfig");
    await systemClock.sleep(6000);
    expect(operator.lines.filter((line) => line.includes("PHAROS-3202"))).toHaveLength(1);
  }, 60_000);

  test("without the right to write one kind's status writes all the others, and tells once", async () => {
    apply(...rightsWithout("mute", "nodes/status"));
    operator = await startOperator(await api.writeKubeconfig("mute"));
    apply(vehicle(), podBridge("podBr0", "10.2.1.0/24"));
    await revision(1);
    await condition("Bridge", "podbr0", { type: "Frozen", reason: "InRevision" });
    await event("Denied", "car", "nodes.pharos.io");
    await systemClock.sleep(3000);
    expect(operator.lines.filter((line) => line.includes("PHAROS-3200"))).toHaveLength(1);
  }, 60_000);

  test("goes on when the API server comes back", async () => {
    operator = await startOperator(api.kubeconfig);
    apply(vehicle(), podBridge("podBr0", "10.7.1.0/24"));
    await revision(1);
    await api.stopServer();
    await systemClock.sleep(3000);
    await api.startServer();
    apply(podBridge("podBr1", "10.2.2.0/24"));
    expect(subnetsOf(await revision(2))).toHaveLength(2);
    expect((await madeHere()).map(({ number }) => number - before)).toEqual([1, 2]);
  }, 90_000);
});

const ROUTES = {
  apiVersion: "pharos.io/v1",
  kind: "RoutingConfig",
  metadata: { name: "routes" },
  spec: { routingInfo: [{ srcIntfName: "podBr0", dstIntfName: "world", rules: [{ action: "ACCEPT", protocol: "all" }] }] },
};

/** All that an operator may, but for one resource or subresource of ours. */
function rightsWithout(user: string, without: string): readonly object[] {
  const plurals = ["nodes", "bridges", "routingconfigs", "securityconfigs", "servicedeployments", "configrevisions", "hostreports"];
  const ours = [...plurals, "serviceregistrations"].flatMap((plural) => [plural, `${plural}/status`]);
  const rules = [
    { apiGroups: ["pharos.io"], resources: ours.filter((name) => name !== without), verbs: ["*"] },
    { apiGroups: ["", "apps", "coordination.k8s.io", "events.k8s.io"], resources: ["*"], verbs: ["*"] },
  ];
  const group = "rbac.authorization.k8s.io";
  return [
    { apiVersion: `${group}/v1`, kind: "ClusterRole", metadata: { name: user }, rules },
    {
      apiVersion: `${group}/v1`,
      kind: "ClusterRoleBinding",
      metadata: { name: user },
      roleRef: { apiGroup: group, kind: "ClusterRole", name: user },
      subjects: [{ apiGroup: group, kind: "User", name: user }],
    },
  ];
}
