import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { systemClock } from "@pharos/base";
import { type ApiWithKinds, startApiWithKinds } from "@pharos/lab/kubernetes";
import type { Store } from "@pharos/store";
import { doorStore, eventually, startOperator, type TestOperator } from "./test-operator.ts";

const GONE_AFTER = 2000;

let api: ApiWithKinds;
let store: Store;
let operator: TestOperator | undefined;

beforeAll(async () => {
  api = await startApiWithKinds(process.env);
  store = await doorStore(api.kubeconfig);
}, 60_000);

afterAll(async () => {
  await operator?.stop();
  await store?.close();
  await api?.stop();
});

const make = (...items: readonly object[]) => api.kubectl(["create", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items }));
const node = (name: string, host?: string) => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: { name, ...(host === undefined ? {} : { labels: { "pharos.io/host": host } }) },
});
const attachment = (name: string, host: string, spec: object = {}) => ({
  apiVersion: "pharos.io/v1",
  kind: "PodNetwork",
  metadata: { name, namespace: "default" },
  spec: { host, bridge: "podBr0", pod: { namespace: "default", name }, containerID: name, ifname: "eth0", ...spec },
});

/** What an agent leaves: a report, two attachments and a Lease. */
function agent(host: string, on?: string): void {
  const annotations = on === undefined ? {} : { annotations: { "pharos.io/node": on } };
  make(
    { apiVersion: "pharos.io/v1", kind: "HostReport", metadata: { name: host, ...annotations }, spec: { host } },
    attachment(`${host}-a`, host),
    attachment(`${host}-b`, host),
    {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { name: `pharos-host-${host}`, namespace: "default", labels: { "pharos.io/lease": "host" } },
      spec: { holderIdentity: host },
    },
  );
}

/** Names of all that is left of hosts, sorted. */
function left(): readonly string[] {
  const names = (...what: readonly string[]) => api.kubectl(["get", ...what, "-o", "jsonpath={.items[*].metadata.name}"]).split(" ");
  return [
    ...names("hostreports"),
    ...names("podnetworks", "-n", "default"),
    ...names("leases", "-n", "default", "-l", "pharos.io/lease=host"),
  ]
    .filter((name) => name !== "")
    .sort();
}

const of = (...hosts: readonly string[]) => hosts.flatMap((host) => [host, `${host}-a`, `${host}-b`, `pharos-host-${host}`]);

test("the operator collects what hosts left whose nodes are gone for good, and of no other one", async () => {
  make(node("n1", "soc1"), node("n2", "soc2"), node("n3"), node("n4", "soc4"));
  for (const [host, on] of [
    ["soc1", "n1"],
    ["soc2", "n2"],
    ["n3", "n3"],
    ["soc4", "n4"],
    ["vm7", undefined],
  ] as const)
    agent(host, on);
  const request = { id: "1", podName: "p", requestedAt: "2026-01-02T03:04:05Z" };
  make(attachment("request-1", "soc2", { request }));
  const conditions = [{ type: "Ready", status: "False", reason: "KubeletNotReady", message: "gone to sleep" }];
  api.kubectl(["patch", "node", "n3", "--subresource=status", "--type=merge", "-p", JSON.stringify({ status: { conditions } })]);
  operator = await startOperator(api.kubeconfig, { goneAfter: GONE_AFTER });
  // One that is made anew in time was never gone.
  await systemClock.sleep(500);
  api.kubectl(["delete", "node", "n4", "n2"]);
  await systemClock.sleep(500);
  make(node("n4", "soc4"));
  const isCollected = () => !left().some((name) => name.includes("soc2"));
  await eventually("soc2 is collected", async () => (isCollected() ? true : undefined));
  await systemClock.sleep(GONE_AFTER + 1000);
  expect(left()).toEqual([...of("soc1", "n3", "soc4", "vm7"), "request-1"].sort());
  expect(operator.lines).toEqual([]);
}, 60_000);

test("an operator that may not delete says so once, and one that may goes on where it stopped", async () => {
  await operator?.stop();
  api.kubectl(["delete", "node", "n1"]);
  const rules = [
    { apiGroups: ["pharos.io"], resources: ["*"], verbs: ["get", "list", "watch", "create", "update", "patch"] },
    { apiGroups: ["", "coordination.k8s.io", "discovery.k8s.io", "apps", "events.k8s.io"], resources: ["*"], verbs: ["*"] },
  ];
  const group = "rbac.authorization.k8s.io";
  make(
    { apiVersion: `${group}/v1`, kind: "ClusterRole", metadata: { name: "keeper" }, rules },
    {
      apiVersion: `${group}/v1`,
      kind: "ClusterRoleBinding",
      metadata: { name: "keeper" },
      roleRef: { apiGroup: group, kind: "ClusterRole", name: "keeper" },
      subjects: [{ apiGroup: group, kind: "User", name: "keeper" }],
    },
  );
  const lines = () => operator?.lines.filter((line) => line.includes("cannot collect")) ?? [];
  operator = await startOperator(await api.writeKubeconfig("keeper"), { goneAfter: 100 });
  await eventually("the refusal", async () => (lines().length > 0 ? true : undefined));
  for (let turn = 0; turn < 3; turn++) api.kubectl(["label", "hostreport", "vm7", `turn=${turn}`, "--overwrite"]);
  await systemClock.sleep(1500);
  expect(lines()).toHaveLength(1);
  expect(left()).toEqual(expect.arrayContaining(of("soc1")));
  await operator.stop();
  operator = await startOperator(api.kubeconfig, { goneAfter: 100 });
  await eventually("soc1 is collected", async () => (left().some((name) => name.includes("soc1")) ? undefined : true));
}, 60_000);
