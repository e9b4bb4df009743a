import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { systemClock } from "@pharos/base";
import type { HostReport, PodNetwork } from "@pharos/kinds";
import { type KubernetesStore, kubernetesLease } from "@pharos/store/kubernetes";
import { parse } from "yaml";
import { CHART, offlineVersion, PROFILES } from "./helm.ts";
import { ADVERTISED, agentOn, type ChartCluster, NAMESPACE, openStore, startChartCluster, tokenKubeconfig } from "./installed-chart.ts";

let cluster: ChartCluster;
/** Agent of node n1, which is host vm1. */
let first: KubernetesStore;
/** Agent of node n2, whose name is its host's. */
let second: KubernetesStore;

const NOT_ITS_OWN = /agent on node \w+ writes what concerns the host that this node is, and no other; this concerns \w+/;
const GROUP = "pharos:agents";
const inRelease = ["pharos", CHART, "--namespace", NAMESPACE];

beforeAll(async () => {
  cluster = await startChartCluster(process.env);
  await until(() => cluster.kubectl(["get", "endpointslice", "kubernetes"]).ok);
  const { ok, stderr } = cluster.helm(["install", ...inRelease, "--create-namespace", "--set", `agent.certificateGroup=${GROUP}`]);
  if (!ok) throw new Error(stderr);
  cluster.kubectl(["wait", "--for=condition=Established", "--timeout=30s", "crd", "--all"]);
  first = await openStore(agentOn(cluster, "n1", "vm1"));
  second = await openStore(agentOn(cluster, "n2"));
  // A new policy and its parameters reach the API server's admission after a moment; until then it refuses nothing, then everything.
  await until(async () => (await outcome(second.create(report("probe")))).includes("writes what concerns"));
  await until(async () => (await outcome(first.create(report("vm1")))) === "accepted");
}, 120_000);

afterAll(async () => {
  await Promise.all([first?.close(), second?.close()]);
  await cluster.stop();
});

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = systemClock.monotonic() + 30_000;
  while (!(await holds())) {
    if (systemClock.monotonic() > end) throw new Error("it did not come");
    await systemClock.sleep(100);
  }
}

/** `accepted`, or what the API server said. */
async function outcome(write: Promise<unknown>): Promise<string> {
  return write.then(
    () => "accepted",
    (error: Error) => error.message,
  );
}

const report = (name: string, host = name): HostReport => ({
  apiVersion: "pharos.io/v1",
  kind: "HostReport",
  metadata: { name },
  spec: { host },
});

const onNode = (made: HostReport, node: string): HostReport => ({
  ...made,
  metadata: { ...made.metadata, annotations: { "pharos.io/node": node } },
});

const attachment = (name: string, host: string | undefined, spec: PodNetwork["spec"] = {}): PodNetwork => ({
  apiVersion: "pharos.io/v1",
  kind: "PodNetwork",
  metadata: { name, namespace: "default" },
  spec: { ...(host === undefined ? {} : { host }), ...spec },
});

const refTo = (name: string) => ({ kind: "PodNetwork", name, namespace: "default" }) as const;

function admin<T extends object>(object: T): string {
  const { ok, text } = cluster.kubectl(["create", "-f", "-"], JSON.stringify(object));
  return ok ? "accepted" : text;
}

describe("an agent on node n1, which is host vm1,", () => {
  test("writes its own report and its status", async () => {
    expect(await outcome(first.patchStatus({ kind: "HostReport", name: "vm1" }, { state: "Committed" }))).toBe("accepted");
    expect(await outcome(first.update(onNode(report("vm1"), "n1")))).toBe("accepted");
  });

  test.each([
    ["of another host", () => report("n2")],
    ["under its node's name, which is not its host's", () => report("n1")],
    ["of its own name about another host", () => report("vm1", "n2")],
  ])("does not make the report %s", async (_, made) => {
    expect(await outcome(first.create(made()))).toMatch(NOT_ITS_OWN);
  });

  test("writes neither another host's report nor its status", async () => {
    expect(await outcome(second.create(report("n2")))).toBe("accepted");
    const ref = { kind: "HostReport", name: "n2" } as const;
    expect(await outcome(first.patchStatus(ref, { state: "Failed" }))).toMatch(NOT_ITS_OWN);
    expect(await outcome(first.update(onNode(report("n2"), "n1")))).toMatch(NOT_ITS_OWN);
    expect(await outcome(second.patchStatus(ref, { state: "Committed" }))).toBe("accepted");
  });

  test("makes, describes and deletes attachments of its own host", async () => {
    expect(await outcome(first.create(attachment("mine", "vm1")))).toBe("accepted");
    expect(await outcome(first.patchStatus(refTo("mine"), { phase: "Attached" }))).toBe("accepted");
    expect(await outcome(first.delete(refTo("mine")))).toBe("accepted");
  });

  test.each([
    ["of another host", "n2"],
    ["of no host", undefined],
  ])("makes no attachment %s", async (_, host) => {
    expect(await outcome(first.create(attachment("theirs", host)))).toMatch(NOT_ITS_OWN);
  });

  test("neither describes nor deletes another host's attachment", async () => {
    expect(await outcome(second.create(attachment("theirs", "n2")))).toBe("accepted");
    expect(await outcome(first.patchStatus(refTo("theirs"), { phase: "Released" }))).toMatch(NOT_ITS_OWN);
    expect(await outcome(first.delete(refTo("theirs")))).toMatch(NOT_ITS_OWN);
  });

  test("answers a request that any host may answer, and leaves the request itself alone", async () => {
    const request = { id: "r1", podName: "p", requestedAt: "2026-01-02T03:04:05Z" };
    expect(admin(attachment("request-r1", undefined, { request }))).toBe("accepted");
    expect(await outcome(first.patchStatus(refTo("request-r1"), { phase: "Attached" }))).toBe("accepted");
    expect(await outcome(first.delete(refTo("request-r1")))).toMatch(NOT_ITS_OWN);
  });

  test("does not answer a request that is for another host", async () => {
    const request = { id: "r2", podName: "p", requestedAt: "2026-01-02T03:04:05Z" };
    expect(admin(attachment("request-r2", "n2", { request }))).toBe("accepted");
    expect(await outcome(first.patchStatus(refTo("request-r2"), { phase: "Failed" }))).toMatch(NOT_ITS_OWN);
    expect(await outcome(second.patchStatus(refTo("request-r2"), { phase: "Failed" }))).toBe("accepted");
  });

  test("renews its own Lease and no other, least of all the operator's", async () => {
    const record = {
      holder: "x",
      transitions: 0,
      renewTime: "2026-01-02T03:04:05.000000Z",
      acquireTime: "2026-01-02T03:04:05.000000Z",
      durationSeconds: 10,
    };
    const lease = (store: KubernetesStore, name: string) => kubernetesLease(store.transport, { namespace: NAMESPACE, name });
    const own = lease(first, "pharos-host-vm1");
    expect(await outcome(own.create(record))).toBe("accepted");
    const current = await own.read();
    expect(await outcome(own.replace({ ...record, ...current }))).toBe("accepted");
    expect(await outcome(lease(second, "pharos-host-vm1").replace({ ...record, ...current }))).toMatch(NOT_ITS_OWN);
    for (const name of ["pharos-operator", "pharos-host-n2", "pharos-host-n1"]) {
      expect(await outcome(lease(first, name).create(record))).toMatch(NOT_ITS_OWN);
    }
  });

  describe("and pods of its node", () => {
    const TOLD = "k8s.v1.cni.cncf.io/network-status";
    const patch = (store: KubernetesStore, name: string, body: object, subresource = "status") =>
      outcome(
        store.transport.call({
          call: { verb: "patch", group: "", resource: `pods/${subresource}`, namespace: NAMESPACE, name },
          method: "PATCH",
          path: `/api/v1/namespaces/${NAMESPACE}/pods/${name}${subresource === "" ? "" : `/${subresource}`}`,
          body,
          contentType: "application/merge-patch+json",
        }),
      );
    const annotated = (key: string, value: string | null = "[]") => ({ metadata: { annotations: { [key]: value } } });

    test("tells a pod's interfaces in its annotation", async () => {
      // Until the policy has reached the API server's admission, the label would be written.
      await until(async () =>
        (await patch(first, "agent-n1", { metadata: { labels: { probe: "x" } } })).includes("changes nothing of pods"),
      );
      cluster.kubectl(["annotate", "pod", "agent-n1", "--namespace", NAMESPACE, "mine=1"]);
      for (const value of ["[]", "[1]"]) expect(await patch(first, "agent-n1", annotated(TOLD, value))).toBe("accepted");
      const { ok, text } = cluster.kubectl(["get", "pod", "agent-n1", "--namespace", NAMESPACE, "--output", "json"]);
      expect(ok ? JSON.parse(text).metadata.annotations : text).toMatchObject({ [TOLD]: "[1]", mine: "1" });
    });

    test.each<[string, object, RegExp]>([
      ["another annotation", annotated("other"), /changes no annotation of pods but/],
      ["an annotation of somebody else", annotated("mine", null), /changes no annotation of pods but/],
      ["a label", { metadata: { labels: { app: "x" } } }, /changes nothing of pods but/],
      ["a finalizer", { metadata: { finalizers: ["a.example/b"] } }, /changes nothing of pods but/],
      ["a status", { status: { phase: "Failed" } }, /changes nothing of pods but/],
      ["an address", { status: { podIPs: [{ ip: "10.0.0.9" }], podIP: "10.0.0.9" } }, /changes nothing of pods but/],
    ])("writes not %s", async (_, body, refusal) => {
      expect(await patch(first, "agent-n1", body)).toMatch(refusal);
    });

    test("leaves what a pod runs, and pods of other nodes", async () => {
      expect(await patch(first, "agent-n1", { spec: { containers: [{ name: "agent", image: "other" }] } }, "")).toMatch(/cannot patch/);
      expect(await patch(first, "agent-n2", annotated(TOLD))).toMatch(/agent on node n1 writes annotations of pods on that node/);
      expect(await patch(second, "agent-n2", annotated(TOLD))).toBe("accepted");
      const nobody = await openStore(await cluster.server.writeKubeconfig("somebody", [GROUP]));
      expect(await patch(nobody, "agent-n2", annotated(TOLD))).not.toBe("accepted");
      await nobody.close();
    });
  });

  test.each([
    ["nodes.pharos.io", "create"],
    ["configrevisions.pharos.io", "create"],
    ["serviceregistrations.pharos.io", "create"],
    ["hostreports.pharos.io", "delete"],
    ["secrets", "list"],
    ["pods", "list"],
    ["pods", "patch"],
    ["nodes", "patch"],
  ])("may not %s %s", (resource, verb) => {
    expect(mayI("agent", verb, resource)).toBe("no");
  });
});

describe("agents that are not pods", () => {
  test("act for the node that their certificate names", async () => {
    const store = await openStore(await cluster.server.writeKubeconfig("pharos:agent:n1", [GROUP]));
    expect(await outcome(store.create(attachment("unit", "vm1")))).toBe("accepted");
    expect(await outcome(store.delete(refTo("unit")))).toBe("accepted");
    expect(await outcome(store.create(attachment("unit", "n2")))).toMatch(NOT_ITS_OWN);
    await store.close();
  });

  test("are refused where they name none", async () => {
    const store = await openStore(await cluster.server.writeKubeconfig("somebody", [GROUP]));
    expect(await outcome(store.create(attachment("unit", "vm1")))).toMatch(/somebody names no node/);
    await store.close();
  });

  test("are refused with a token that is bound to no pod", async () => {
    const store = await openStore(tokenKubeconfig(cluster, "agent"));
    expect(await outcome(store.create(attachment("unit", "vm1")))).toMatch(/names no node/);
    await store.close();
  });

  test("are refused for a node that does not exist", async () => {
    const store = await openStore(await cluster.server.writeKubeconfig("pharos:agent:n9", [GROUP]));
    expect(await outcome(store.create(attachment("unit", "vm1")))).toMatch(NOT_ITS_OWN);
    await store.close();
  });
});

test("two nodes that are called by one host's name write for it no more", async () => {
  const third = await openStore(agentOn(cluster, "n3", "vm1"));
  await until(async () => (await outcome(first.patchStatus({ kind: "HostReport", name: "vm1" }, { state: "Failed" }))) !== "accepted");
  expect(await outcome(third.create(attachment("twice", "vm1")))).toMatch(NOT_ITS_OWN);
  expect(cluster.kubectl(["delete", "node", "n3"])).toMatchObject({ ok: true });
  await until(async () => (await outcome(first.patchStatus({ kind: "HostReport", name: "vm1" }, { state: "Committed" }))) === "accepted");
  expect(await outcome(third.create(attachment("gone", "vm1")))).toMatch(NOT_ITS_OWN);
  await third.close();
});

describe("a kubelet", () => {
  const kubelet = async (args: readonly string[]) =>
    cluster.kubectl(args, "", await cluster.server.writeKubeconfig("system:node:n1", ["system:nodes"]));

  test("does not call its node by another host's name", async () => {
    expect((await kubelet(["label", "node", "n1", "pharos.io/host=n2", "--overwrite"])).text).toMatch(
      /does not change the label pharos.io\/host/,
    );
    expect((await kubelet(["label", "node", "n1", "pharos.io/host-"])).text).toMatch(/does not change the label pharos.io\/host/);
  });

  test("writes all else of its node as always", async () => {
    expect(await kubelet(["label", "node", "n1", "example.com/x=y"])).toMatchObject({ ok: true });
    const store = await openStore(await cluster.server.writeKubeconfig("system:node:n1", ["system:nodes"]));
    const heartbeat = store.transport.call({
      call: { verb: "patch", group: "", resource: "nodes/status", name: "n1" },
      method: "PATCH",
      path: "/api/v1/nodes/n1/status",
      contentType: "application/strategic-merge-patch+json",
      body: { status: { conditions: [{ type: "Ready", status: "True" }] } },
    });
    expect(await outcome(heartbeat)).toBe("accepted");
    await store.close();
  });
});

function mayI(part: string, verb: string, resource: string, namespace = "default"): string {
  const who = `system:serviceaccount:${NAMESPACE}:pharos-${part}`;
  const [whole = "", subresource = ""] = resource.split(/\/(?=status$)/);
  const args = ["auth", "can-i", verb, whole, "--subresource", subresource, "--namespace", namespace, "--as", who];
  return cluster.kubectl(args).text.split("\n")[0] ?? "";
}

describe("rights", () => {
  test.each([
    ["operator", "create", "configrevisions.pharos.io", "default", "yes"],
    ["operator", "patch", "nodes.pharos.io/status", "default", "yes"],
    ["operator", "update", "nodes.pharos.io", "default", "no"],
    ["operator", "patch", "deployments.apps", "any", "yes"],
    ["operator", "list", "secrets", NAMESPACE, "no"],
    ["operator", "get", "leases/pharos-operator", NAMESPACE, "yes"],
    ["operator", "update", "leases/pharos-host-vm1", NAMESPACE, "no"],
    ["operator", "get", "leases/pharos-operator", "kube-system", "no"],
    ["bridge", "create", "nodes.pharos.io", "default", "yes"],
    ["bridge", "create", "configrevisions.pharos.io", "default", "no"],
    ["bridge", "create", "deployments.apps", "default", "no"],
    ["bridge", "update", "leases", NAMESPACE, "no"],
    ["agent", "watch", "nodes", "default", "yes"],
    ["agent", "list", "endpointslices.discovery.k8s.io", "default", "yes"],
    ["agent", "list", "services", "kube-system", "yes"],
    ["agent", "list", "services", "default", "no"],
  ])("may the %s %s %s in %s: %s", (part, verb, resource, namespace, expected) => {
    expect(mayI(part, verb, resource, namespace)).toBe(expected);
  });
});

describe("the API server accepts without a warning", () => {
  beforeAll(() => {
    const names = { kind: "ServiceMonitor", listKind: "ServiceMonitorList", plural: "servicemonitors", singular: "servicemonitor" };
    const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
    admin({
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "servicemonitors.monitoring.coreos.com" },
      spec: { group: "monitoring.coreos.com", scope: "Namespaced", names, versions: [{ name: "v1", served: true, storage: true, schema }] },
    });
    cluster.kubectl(["wait", "--for=condition=Established", "--timeout=30s", "crd/servicemonitors.monitoring.coreos.com"]);
    // What the release has applied is merged with, so it is another namespace; no controller makes its account here.
    cluster.kubectl(["create", "namespace", "review"]);
    cluster.kubectl(["create", "serviceaccount", "default", "--namespace", "review"]);
  });

  test.each(Object.entries(PROFILES))("every object of %s", (_, args) => {
    const { stdout } = cluster.helm(["template", "pharos", CHART, "--namespace", "review", ...offlineVersion(), ...args]);
    const apply = ["apply", "--server-side", "--force-conflicts", "--dry-run=server", "--warnings-as-errors", "-f", "-"];
    const { ok, text } = cluster.kubectl(apply, stdout);
    expect(ok ? "" : text).toBe("");
    expect(text.match(/serverside-applied/g)?.length).toBeGreaterThan(30);
  });
});

describe("a release", () => {
  const argsOf = () => {
    const { text } = cluster.kubectl(["get", "daemonset", "pharos-agent", "--namespace", NAMESPACE, "--output", "yaml"]);
    const set = parse(text) as {
      readonly spec: { readonly template: { readonly spec: { readonly containers: readonly { readonly args: readonly string[] }[] } } };
    };
    return set.spec.template.spec.containers[0]?.args ?? [];
  };

  test("finds the API server's address in the cluster", () => {
    expect(argsOf()).toContain(`--api-server=https://${ADVERTISED}:${new URL(cluster.server.url).port}`);
  });

  test("is refused where Pharos is installed already, and says where", () => {
    const { ok, stderr } = cluster.helm(["install", "other", CHART, "--namespace", "elsewhere", "--create-namespace"]);
    expect(ok).toBe(false);
    expect(stderr).toMatch(/installed already, as release pharos in namespace pharos-system/);
    expect(cluster.kubectl(["get", "serviceaccounts", "--namespace", "elsewhere", "--output", "name"]).text).not.toMatch(/pharos/);
  });

  test("is upgraded in place", () => {
    const { ok, stderr } = cluster.helm(["upgrade", ...inRelease, "--set", "bridge.enabled=false", ...(PROFILES.k3s ?? [])]);
    expect(ok ? "" : stderr).toBe("");
    expect(argsOf()).toContain("--api-server=https://127.0.0.1:6444");
    expect(cluster.kubectl(["get", "deployments", "--namespace", NAMESPACE, "--output", "name"]).text.trim()).toBe(
      "deployment.apps/pharos-operator",
    );
  });

  test("leaves the CRDs and all documents when it goes, and comes back to them", () => {
    const routingInfo = [{ srcIntfName: "a", dstIntfName: "b", rules: [{ action: "ACCEPT", protocol: "tcp" }] }];
    const vehicle = { apiVersion: "pharos.io/v1", kind: "RoutingConfig", metadata: { name: "kept" }, spec: { routingInfo } };
    expect(admin(vehicle)).toBe("accepted");
    expect(cluster.helm(["uninstall", "pharos", "--namespace", NAMESPACE])).toMatchObject({ ok: true });
    const ours =
      "clusterroles,clusterrolebindings,roles,rolebindings,serviceaccounts,deployments,daemonsets,services,validatingadmissionpolicies,validatingadmissionpolicybindings";
    expect(
      cluster.kubectl(["get", ours, "--all-namespaces", "--selector", "app.kubernetes.io/name=pharos", "--output", "name"]).text,
    ).not.toMatch(/pharos/);
    expect(cluster.kubectl(["get", "routingconfig", "kept"])).toMatchObject({ ok: true });
    expect(cluster.helm(["install", ...inRelease])).toMatchObject({ ok: true });
    expect(cluster.kubectl(["get", "routingconfig", "kept"])).toMatchObject({ ok: true });
  });
});
