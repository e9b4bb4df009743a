import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { uptime } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { type Log, silentLog, systemClock } from "@pharos/base";
import { type ApiWithKinds, startApiWithKinds, startFaultProxy } from "@pharos/lab/kubernetes";
import { bridge } from "../conformance/fixtures.ts";
import type { KubernetesObject, Leadership } from "../home.ts";
import { type ApiCall, missingGrants, type RulesByNamespace, rbacRules } from "../kubernetes/index.ts";
import { type KubernetesHome, type KubernetesHomeOptions, kubernetesHome } from "./index.ts";

let api: ApiWithKinds;
const homes: KubernetesHome[] = [];

beforeAll(async () => {
  api = await startApiWithKinds(process.env);
  api.kubectl(["create", "namespace", "pharos-system"]);
});
afterEach(async () => {
  for (const home of homes.splice(0)) await home.close();
});
afterAll(() => api.stop());

async function open(more: Partial<KubernetesHomeOptions> = {}): Promise<KubernetesHome> {
  const home = await kubernetesHome({
    kubeconfig: api.kubeconfig,
    namespace: "pharos-system",
    part: "bridge",
    identity: "test",
    clock: systemClock,
    bootTime: () => uptime() * 1000,
    log: silentLog,
    random: Math.random,
    newId: randomUUID,
    ...more,
  });
  homes.push(home);
  return home;
}

/** Calls `within` as the leader, then ends the leadership. */
async function asLeader(home: KubernetesHome, within: (leadership: Leadership) => Promise<void>): Promise<void> {
  const ended = new AbortController();
  const lead = async (leadership: Leadership) => {
    try {
      await within(leadership);
    } finally {
      ended.abort();
    }
  };
  await home.elector.run(lead, ended.signal);
}

async function until(what: string, holds: () => boolean, within = 10_000): Promise<void> {
  for (const began = performance.now(); !holds(); await delay(30)) {
    if (performance.now() - began > within) throw new Error(`not within ${within} ms: ${what}`);
  }
}

const LABELS = { "app.kubernetes.io/managed-by": "pharos", app: "camera" };

function deployment(name: string, image: string, env: readonly object[] = []): KubernetesObject {
  const spec = {
    selector: { matchLabels: { app: "camera" } },
    template: { metadata: { labels: LABELS }, spec: { containers: [{ name: "main", image, env }] } },
  };
  return { apiVersion: "apps/v1", kind: "Deployment", metadata: { name, namespace: "default", labels: LABELS }, ...{ spec } };
}

function read(
  kind: string,
  name: string,
): { readonly spec: { readonly replicas?: number; readonly template: PodTemplate }; readonly metadata: object } {
  return JSON.parse(api.kubectl(["get", kind, name, "-o", "json", "--show-managed-fields"]));
}

interface PodTemplate {
  readonly spec: { readonly containers: readonly { readonly image: string; readonly env?: readonly { readonly name: string }[] }[] };
}

describe("an operator's home", () => {
  test("refuses each write with STORE_FENCED until its elector says that it leads, and after it", async () => {
    const home = await open({ part: "operator", identity: "fenced" });
    const fenced = { code: "PHAROS-3022" };
    const attempts = () => [
      home.store.create(bridge("fenced")),
      home.workloads.apply(deployment("fenced", "a:1")),
      home.workloads.delete(deployment("fenced", "a:1")),
    ];
    for (const attempt of attempts()) await expect(attempt).rejects.toMatchObject(fenced);
    await asLeader(home, async () => {
      await home.store.create(bridge("fenced"));
      await home.workloads.apply(deployment("fenced", "a:1"));
      await home.workloads.delete(deployment("fenced", "a:1"));
    });
    for (const attempt of attempts()) await expect(attempt).rejects.toMatchObject(fenced);
    expect(JSON.parse(api.kubectl(["-n", "pharos-system", "get", "lease", "pharos-operator", "-o", "json"])).spec).toMatchObject({
      leaseDurationSeconds: 15,
      leaseTransitions: 0,
    });
  });

  test("says once, with the right that is missing, that it cannot stand for election", async () => {
    const warnings: string[] = [];
    const log: Log = { ...silentLog, warn: (message) => warnings.push(message) };
    const home = await open({ kubeconfig: await api.writeKubeconfig("nobody"), part: "operator", log });
    const ended = new AbortController();
    const running = home.elector.run(async () => {}, ended.signal);
    await delay(5000);
    ended.abort();
    await running;
    expect(warnings).toEqual([expect.stringMatching(/^PHAROS-3040 .*PHAROS-3007 get leases.coordination.k8s.io pharos-operator/)]);
  });
});

describe("a leader", () => {
  test("outlives a connection that died in silence", async () => {
    const proxy = await startFaultProxy(api);
    const home = await open({ part: "operator", identity: "patient", server: proxy.url });
    let held: boolean | undefined;
    await asLeader(home, async ({ holds }) => {
      let silent = 2;
      proxy.intercept(({ path }) => {
        if (!path.includes("/leases/") || silent === 0) return undefined;
        silent -= 1;
        return { kind: "never" };
      });
      await delay(13_000);
      expect(silent).toBe(0);
      held = holds();
    });
    await proxy.stop();
    expect(held).toBe(true);
  });
});

describe("workloads", () => {
  test("apply takes back what it no longer names and leaves the fields of others", async () => {
    const { workloads } = await open();
    const first = await workloads.apply(deployment("camera", "camera:1", [{ name: "A", value: "1" }]));
    expect(first).toMatchObject({ apiVersion: "apps/v1", kind: "Deployment", metadata: { uid: expect.any(String) } });
    expect(first.metadata).not.toHaveProperty("managedFields");
    api.kubectl(["scale", "deployment", "camera", "--replicas", "3"]);
    await workloads.apply(deployment("camera", "camera:2"));
    const { spec, metadata } = read("deployment", "camera");
    expect(spec.replicas).toBe(3);
    expect(spec.template.spec.containers[0]).toMatchObject({ image: "camera:2" });
    expect(spec.template.spec.containers[0]?.env).toBeUndefined();
    expect(metadata).toMatchObject({ managedFields: expect.arrayContaining([expect.objectContaining({ manager: "pharos-operator" })]) });
  });

  test("apply wins over a field that another changed", async () => {
    const { workloads } = await open();
    await workloads.apply(deployment("contested", "camera:1"));
    api.kubectl(["set", "image", "deployment/contested", "main=other:1"]);
    await workloads.apply(deployment("contested", "camera:1"));
    expect(read("deployment", "contested").spec.template.spec.containers[0]?.image).toBe("camera:1");
  });

  test("list gives ours only, with their kind", async () => {
    const { workloads } = await open();
    await workloads.apply(deployment("ours", "camera:1"));
    api.kubectl(["create", "deployment", "theirs", "--image", "other:1"]);
    const found = await workloads.list({ apiVersion: "apps/v1", kind: "Deployment" });
    expect(found.map(({ metadata }) => metadata.name)).toContain("ours");
    expect(found.map(({ metadata }) => metadata.name)).not.toContain("theirs");
    expect(found[0]).toMatchObject({ apiVersion: "apps/v1", kind: "Deployment" });
  });

  test("delete spares an object that was made anew under the same name, and does not mind one that is gone", async () => {
    const { workloads } = await open();
    const old = await workloads.apply(deployment("again", "camera:1"));
    await workloads.delete(old);
    await workloads.delete(old);
    const made = await workloads.apply(deployment("again", "camera:2"));
    await expect(workloads.delete(old)).rejects.toMatchObject({ code: "PHAROS-3002" });
    await workloads.delete(made);
    await workloads.delete(made);
    expect((await workloads.list({ apiVersion: "apps/v1", kind: "Deployment" })).map(({ metadata }) => metadata.name)).not.toContain(
      "again",
    );
  });

  test("what the API server refuses is told with the field, and a kind that nobody runs is refused here", async () => {
    const { workloads } = await open();
    await expect(workloads.apply(deployment("bad", ""))).rejects.toMatchObject({
      code: "PHAROS-3005",
      findings: [expect.objectContaining({ path: "spec.template.spec.containers[0].image" })],
    });
    await expect(workloads.list({ apiVersion: "v1", kind: "Secret" })).rejects.toMatchObject({ code: "PHAROS-3041" });
  });

  test("watch tells of our objects and of nobody else's, and ends with its signal", async () => {
    const { workloads } = await open();
    const ended = new AbortController();
    let rung = 0;
    const watching = workloads.watch(() => {
      rung += 1;
    }, ended.signal);
    await until("the first lists", () => rung >= 3);
    await delay(300);
    const before = rung;
    api.kubectl(["create", "deployment", "unwatched", "--image", "other:1"]);
    await delay(500);
    expect(rung).toBe(before);
    await workloads.apply(deployment("watched", "camera:1"));
    await until("the change", () => rung > before);
    ended.abort();
    await watching;
  });
});

describe("events", () => {
  test("an event is found by kubectl describe", async () => {
    const home = await open();
    await home.store.create(bridge("described", "10.9.0.0/24"));
    const event = {
      regarding: { kind: "Bridge", name: "described" },
      type: "Warning",
      reason: "Invalid",
      note: "no range is left",
    } as const;
    home.events.record(event);
    await until("the event", () => api.kubectl(["get", "events", "-A"]).includes("no range is left"));
    expect(api.kubectl(["describe", "bridges.pharos.io", "described"])).toMatch(/Warning +Invalid .*pharos.io\/bridge.* no range is left/);
  });

  test("repetitions become the series of the event that is there", async () => {
    let offset = 0;
    const clock = {
      ...systemClock,
      monotonic: () => systemClock.monotonic() + offset,
      sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(Math.min(ms, 100), signal),
    };
    const home = await open({ clock });
    const event = {
      regarding: { kind: "PodNetwork", name: "gone", namespace: "default" },
      type: "Normal",
      reason: "Repeated",
      note: "as before",
    } as const;
    home.events.record(event);
    const series = () =>
      api.kubectl(["get", "events.events.k8s.io", "-o", "jsonpath={range .items[?(@.reason=='Repeated')]}{.note} {.series.count};{end}"]);
    await until("the event", () => series() === "as before ;");
    home.events.record(event);
    home.events.record(event);
    await until("the series", () => {
      offset += 61_000;
      return series() === "as before 3;";
    });
  });

  test("events that may not be written harm nothing and are counted", async () => {
    const home = await open({ kubeconfig: await api.writeKubeconfig("nobody") });
    home.events.record({ regarding: { kind: "Bridge", name: "one" }, type: "Normal", reason: "Any", note: "any" });
    await until("the refusal", () => home.events.dropped() === 1);
  });
});

describe("credentials", () => {
  test("a kubeconfig with a credential plugin works through client-node", async () => {
    const { certificate, key } = await api.credentials("plugged", ["system:masters"]);
    const status = { clientCertificateData: certificate, clientKeyData: key };
    const answer = join(api.folder, "answer.json");
    writeFileSync(answer, JSON.stringify({ apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential", status }));
    const kubeconfig = join(api.folder, "plugin.yaml");
    const config = JSON.parse(api.kubectl(["config", "view", "--raw", "-o", "json"]));
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "cat", args: [answer], interactiveMode: "Never" };
    const users = config.users.map(({ name }: { readonly name: string }) => ({ name, user: { exec } }));
    writeFileSync(kubeconfig, JSON.stringify({ ...config, users }));
    const calls: ApiCall[] = [];
    const home = await open({ kubeconfig, onCall: (call) => calls.push(call) });
    expect(await home.store.epoch()).toMatch(/^[0-9a-f-]{36}$/);
    expect(calls).toEqual([{ verb: "get", group: "", resource: "namespaces", name: "kube-system" }]);
  });

  test("a plugin that fails is told", async () => {
    const kubeconfig = join(api.folder, "failing.yaml");
    const config = JSON.parse(api.kubectl(["config", "view", "--raw", "-o", "json"]));
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "false", interactiveMode: "Never" };
    writeFileSync(
      kubeconfig,
      JSON.stringify({ ...config, users: config.users.map(({ name }: { readonly name: string }) => ({ name, user: { exec } })) }),
    );
    await expect(open({ kubeconfig })).rejects.toMatchObject({ code: "PHAROS-3020" });
  });

  test("outside a pod and without a kubeconfig the advice names both ways", async () => {
    const options = { namespace: "default", part: "bridge", identity: "x", clock: systemClock, bootTime: () => 0, log: silentLog } as const;
    await expect(kubernetesHome({ ...options, random: Math.random, newId: randomUUID })).rejects.toMatchObject({
      code: "PHAROS-3020",
      action: expect.stringContaining("--kubeconfig"),
    });
  });
});

/** Rules as RBAC objects for a user. */
function rbacObjects(user: string, rules: RulesByNamespace): string {
  const group = "rbac.authorization.k8s.io";
  const subjects = [{ apiGroup: group, kind: "User", name: user }];
  const objects = [...rules].flatMap(([namespace, of]) => {
    const [role, metadata] = namespace === "" ? ["ClusterRole", { name: user }] : ["Role", { name: user, namespace }];
    const roleRef = { apiGroup: group, kind: role, name: user };
    return [
      { apiVersion: `${group}/v1`, kind: role, metadata, rules: of },
      { apiVersion: `${group}/v1`, kind: `${role}Binding`, metadata, roleRef, subjects },
    ];
  });
  return JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
}

function withoutLease(): void {
  api.kubectl(["-n", "pharos-system", "delete", "--ignore-not-found", "lease", "pharos-operator"]);
}

/** Uses each part of a home once. */
async function useAll(home: KubernetesHome, name: string): Promise<void> {
  await asLeader(home, async () => {
    const ref = { kind: "Bridge", name } as const;
    await home.store.create(bridge(name, "10.8.0.0/24"));
    await home.store.patchStatus(ref, {});
    home.events.record({ regarding: ref, type: "Normal", reason: "Used", note: name });
    await until("the event", () => api.kubectl(["get", "events", "-A", "--field-selector", `involvedObject.name=${name}`]).includes(name));
    const watched = new AbortController();
    let rung = 0;
    const watching = home.workloads.watch(() => {
      rung += 1;
    }, watched.signal);
    await until("the first lists", () => rung >= 3);
    const before = rung;
    const object = await home.workloads.apply(deployment(name, "camera:1"));
    await until("the watches", () => rung > before);
    await home.workloads.list(object);
    await home.workloads.delete(object);
    watched.abort();
    await watching;
    await home.store.delete(ref);
  });
  expect(home.events.dropped()).toBe(0);
}

describe("rights", () => {
  test("the rules that are derived from a home's calls allow the same again, and no other home", async () => {
    withoutLease();
    const calls: ApiCall[] = [];
    await useAll(await open({ part: "operator", identity: "recorded", onCall: (call) => calls.push(call) }), "recorded");
    const rules = rbacRules(calls, ["pharos-system"]);
    const text = [...rules].flatMap(([namespace, of]) =>
      of.map(({ apiGroups, resources, verbs }) => `${namespace}|${apiGroups}|${resources}|${verbs}`),
    );
    expect(text).toEqual([
      "||services|list,watch",
      "|apps|deployments|list,watch,create,patch,delete",
      "|discovery.k8s.io|endpointslices|list,watch",
      "|events.k8s.io|events|create",
      "|pharos.io|bridges|get,create,delete",
      "|pharos.io|bridges/status|patch",
      "pharos-system|coordination.k8s.io|leases|get,create,update",
    ]);
    withoutLease();
    api.kubectl(["apply", "-f", "-"], rbacObjects("derived", rules));
    const again: ApiCall[] = [];
    const kubeconfig = await api.writeKubeconfig("derived");
    await useAll(await open({ kubeconfig, part: "operator", identity: "derived", onCall: (call) => again.push(call) }), "derived");
    expect(missingGrants(rules, again)).toEqual([]);
    const elsewhere = await open({ kubeconfig });
    await expect(elsewhere.store.list("Node")).rejects.toMatchObject({ code: "PHAROS-3007" });
  });
});
