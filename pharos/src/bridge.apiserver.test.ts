import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { silentLog, systemClock } from "@pharos/base";
import type { HostReport } from "@pharos/kinds";
import { type ApiWithKinds, startApiWithKinds } from "@pharos/lab/kubernetes";
import { type ApplyConfigurationResponse, PharosServiceClient, type RollbackConfigurationResponse } from "@pharos/rpc";
import { decodeRevision, follow } from "@pharos/store";
import { connectKubernetesStore, type KubernetesStore, keepHostLease, kubeconfigCredentials } from "@pharos/store/kubernetes";
import { eventually, freePort, startDaemon, type TestDaemon } from "./test-daemon.ts";

const vehicle = (subnet: string) => `
apiVersion: v1
kind: node
metadata: { name: car }
spec:
  name: car
  socs: [{ name: soc1, interfaces: [{ name: eth0, type: static, address: 10.1.0.2/24 }] }]
---
apiVersion: v1
kind: bridge
metadata: { name: pods }
spec:
  bridges:
    - { name: podBr0, type: bridge, bridgeFor: pod, isGateway: true, ipam: { type: host-local, ranges: [{ subnet: ${subnet} }] } }
`;

let folder: string;
let api: ApiWithKinds;
let agent: KubernetesStore;
let bridge: TestDaemon;
let client: PharosServiceClient;
const daemons: TestDaemon[] = [];
const stop = new AbortController();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "pharos-bridge-"));
  api = await startApiWithKinds(process.env);
  api.kubectl(["create", "namespace", "pharos-system"]);
  agent = connectKubernetesStore({
    credentials: await kubeconfigCredentials(api.kubeconfig),
    fieldManager: "pharos-agent",
    clock: systemClock,
    log: silentLog,
    random: Math.random,
    newId: () => crypto.randomUUID(),
  });
  daemons.push(await startDaemon(folder, "operator", ["operator", "--kubeconfig", api.kubeconfig]));
  const address = `127.0.0.1:${await freePort()}`;
  const places = ["--data-dir", join(folder, "data"), "--listen", address, "--socket", join(folder, "pharos.sock")];
  bridge = await startDaemon(folder, "bridge", ["bridge", "--kubeconfig", api.kubeconfig, ...places]);
  daemons.push(bridge);
  client = new PharosServiceClient(address, credentials.createInsecure());
}, 60_000);

afterAll(async () => {
  client?.close();
  stop.abort();
  for (const daemon of daemons) await daemon.stop();
  await agent?.close();
  await api?.stop();
  rmSync(folder, { recursive: true });
});

/** What the agent of soc1 does, without a kernel: it renews its Lease and commits each revision. */
function startHost(): void {
  const shared = { clock: systemClock, log: silentLog };
  void keepHostLease({ ...shared, store: agent, namespace: "pharos-system", host: "soc1" }, stop.signal);
  const commit = async (object: Parameters<typeof decodeRevision>[0]) => {
    const { epoch, number, hash } = decodeRevision(object);
    const report: HostReport = { apiVersion: "pharos.io/v1", kind: "HostReport", metadata: { name: "soc1" }, spec: { host: "soc1" } };
    if ((await agent.get({ kind: "HostReport", name: "soc1" })) === undefined) await agent.create<"HostReport">(report);
    await agent.patchStatus({ kind: "HostReport", name: "soc1" }, { state: "Committed", revision: { epoch, number, hash } });
  };
  follow(agent, "ConfigRevision", {
    ...shared,
    signal: stop.signal,
    onSync: (items) => items.forEach((object) => void commit(object)),
    onEvent: ({ type, object }) => void (type === "ADDED" && commit(object)),
  });
}

function apply(subnet: string): Promise<ApplyConfigurationResponse> {
  const request = { configYaml: vehicle(subnet), validateOnly: false };
  return new Promise((resolve, reject) =>
    client.applyConfiguration(request, (error, answer) => (error === null ? resolve(answer) : reject(error))),
  );
}

function rollBack(targetVersion = ""): Promise<RollbackConfigurationResponse> {
  return new Promise((resolve, reject) =>
    client.rollbackConfiguration({ targetVersion }, (error, answer) => (error === null ? resolve(answer) : reject(error))),
  );
}

describe("the bridge in front of a real API server", () => {
  test("is live and ready, and serves metrics", async () => {
    await eventually("ready", async () => (await bridge.ask("/readyz"))?.status === 200);
    expect(await bridge.ask("/livez")).toEqual({ status: 200, text: "ok\n" });
    expect(await bridge.metric("process_resident_memory_bytes")).toBeGreaterThan(0);
    expect((await bridge.ask("/else"))?.status).toBe(404);
  }, 60_000);

  test("applies a configuration as a change set, and answers when the host with a Lease runs it", async () => {
    startHost();
    expect(await apply("10.2.1.0/24")).toMatchObject({ success: true, message: "revision 1 runs on soc1" });
    const { metadata } = JSON.parse(api.kubectl(["get", "pbr", "pods", "-o", "json"])) as {
      readonly metadata: { readonly annotations: object };
    };
    expect(metadata.annotations).toMatchObject({ "pharos.io/door": "grpc", "pharos.io/change": expect.stringMatching(/\/2$/) });
  }, 60_000);

  test("rolls back, and kubectl sees which documents are out of sync", async () => {
    expect(await apply("10.3.0.0/16")).toMatchObject({ success: true });
    expect(await rollBack()).toMatchObject({ success: true, message: expect.stringContaining("rolled back to 1") });
    const state = await eventually("the Bridge is out of sync", async () => {
      const text = api.kubectl(["get", "pbr", "pods", "-o", "jsonpath={.status.conditions[?(@.type=='InSync')].reason}"]);
      return text === "OutOfSync" ? text : undefined;
    });
    expect(state).toBe("OutOfSync");
    expect(api.kubectl(["get", "prev"])).toContain("rollback to 1");
    expect(await apply("10.4.0.0/16")).toMatchObject({ success: true, message: "revision 4 runs on soc1" });
  }, 60_000);

  test("a host whose Lease stands still is named in the conditions", async () => {
    stop.abort();
    await systemClock.sleep(10_500);
    const ipam = { type: "host-local", ranges: [{ subnet: "10.5.0.0/16" }] };
    const spec = { bridges: [{ name: "podBr0", type: "bridge", bridgeFor: "pod", isGateway: true, ipam }] };
    api.kubectl(["apply", "-f", "-"], JSON.stringify({ apiVersion: "pharos.io/v1", kind: "Bridge", metadata: { name: "pods" }, spec }));
    const message = await eventually("the condition names the host", async () => {
      const path = "jsonpath={.status.conditions[?(@.type=='InSync')].message}";
      const text = api.kubectl(["get", "pnode", "car", "-o", path]);
      return text.includes("not reachable: soc1") ? text : undefined;
    });
    expect(message).toContain("does not run yet on soc1");
  }, 90_000);
});
