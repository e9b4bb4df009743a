import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { systemClock } from "@pharos/base";
import { type ApiWithKinds, startApiWithKinds } from "@pharos/lab/kubernetes";
import { eventually, startDaemon, type TestDaemon } from "./test-daemon.ts";

/** Each write of our kinds, with who asked for it. */
const AUDIT_POLICY = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived"],
  rules: [
    {
      level: "Metadata",
      verbs: ["create", "update", "patch", "delete"],
      resources: [{ group: "pharos.io" }, { group: "coordination.k8s.io" }],
    },
    { level: "None" },
  ],
};

interface AuditEntry {
  readonly user: { readonly username: string };
  readonly objectRef: { readonly apiGroup: string; readonly resource: string; readonly name?: string };
  readonly verb: string;
  readonly requestReceivedTimestamp: string;
  readonly responseStatus: { readonly code: number };
}

let folder: string;
let api: ApiWithKinds;
const daemons: TestDaemon[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "pharos-operators-"));
  const policy = join(folder, "policy.json");
  writeFileSync(policy, JSON.stringify(AUDIT_POLICY));
  api = await startApiWithKinds(process.env, { args: [`--audit-policy-file=${policy}`, `--audit-log-path=${join(folder, "audit.log")}`] });
  api.kubectl(["create", "namespace", "pharos-system"]);
  api.kubectl(["create", "clusterrolebinding", "operators", "--clusterrole=cluster-admin", "--user=first", "--user=second"]);
}, 60_000);

afterAll(async () => {
  for (const daemon of daemons) await daemon.stop();
  await api?.stop();
  rmSync(folder, { recursive: true });
});

async function startOperator(user: string): Promise<TestDaemon> {
  const kubeconfig = await api.writeKubeconfig(user);
  const daemon = await startDaemon(folder, user, ["operator", "--identity", user, "--kubeconfig", kubeconfig]);
  daemons.push(daemon);
  await eventually(`${user} is ready`, async () => (await daemon.ask("/readyz"))?.status === 200);
  return daemon;
}

const leads = async (daemon: TestDaemon) => (await daemon.metric("pharos_operator_leader")) === 1;

function auditLog(): readonly AuditEntry[] {
  const entries = readFileSync(join(folder, "audit.log"), "utf8").trim().split("\n");
  return entries
    .map((line) => JSON.parse(line) as AuditEntry)
    .sort((a, b) => (a.requestReceivedTimestamp < b.requestReceivedTimestamp ? -1 : 1));
}

/** Who wrote objects of ours, in order, each run of one user once. */
function writers(): readonly string[] {
  const users = auditLog()
    .filter(({ objectRef, user }) => objectRef.apiGroup === "pharos.io" && ["first", "second"].includes(user.username))
    .map(({ user }) => user.username);
  return users.filter((user, index) => user !== users[index - 1]);
}

const document = (kind: string, name: string, spec: object) => ({ apiVersion: "pharos.io/v1", kind, metadata: { name }, spec });
const NODE = document("Node", "car", {
  name: "car",
  socs: [{ name: "soc1", interfaces: [{ name: "eth0", type: "static", address: "10.1.0.2/24" }] }],
});
const bridge = (subnet: string) => {
  const ipam = { type: "host-local", ranges: [{ subnet }] };
  return document("Bridge", "pods", { bridges: [{ name: "podBr0", type: "bridge", bridgeFor: "pod", isGateway: true, ipam }] });
};

let changes = 0;
function change(): void {
  changes += 1;
  api.kubectl(
    ["apply", "-f", "-"],
    JSON.stringify({ apiVersion: "v1", kind: "List", items: [NODE, bridge(`10.${100 + changes}.0.0/16`)] }),
  );
}

function revisionNames(): readonly string[] {
  const lines = api.kubectl(["get", "prev", "-o", "name"]).split("\n");
  return lines.filter((line) => line !== "").map((line) => line.replace(/.*\//, ""));
}

/** Changes documents until one of them gives one more revision. */
async function changeUntilFrozen(): Promise<void> {
  const before = revisionNames().length;
  change();
  await eventually("one more revision", async () => revisionNames().length > before);
}

describe("two operators", () => {
  test("one acts, the other stands by, ready, and takes over from one that was paused past its lease, without a write of both", async () => {
    const first = await startOperator("first");
    await eventually("the first leads", () => leads(first));
    const second = await startOperator("second");
    await changeUntilFrozen();
    expect([await leads(first), await leads(second)]).toEqual([true, false]);
    expect(await second.metric("pharos_config_revision")).toBe(1);
    // In the middle of work: the change is not frozen yet when it stops.
    change();
    await systemClock.sleep(450);
    first.signal("SIGSTOP");
    await eventually("the second leads", () => leads(second));
    await changeUntilFrozen();
    first.signal("SIGCONT");
    for (let round = 0; round < 4; round++) await changeUntilFrozen();
    expect([await leads(first), await leads(second)]).toEqual([false, true]);
    expect(writers()).toEqual(["first", "second"]);
    const names = revisionNames();
    const numbers = names.map((name) => Number(name.slice(1))).sort((a, b) => a - b);
    expect(numbers).toEqual(names.map((_, index) => index + 1));
  }, 120_000);

  test("one that ends hands over at once", async () => {
    const [, second] = daemons;
    await second?.stop();
    const began = systemClock.monotonic();
    const [first] = daemons;
    await eventually("the first leads again", async () => first !== undefined && leads(first));
    expect(systemClock.monotonic() - began).toBeLessThan(6000);
    await changeUntilFrozen();
    expect(writers()).toEqual(["first", "second", "first"]);
  }, 60_000);

  test("at rest nothing but the Lease is written", async () => {
    await systemClock.sleep(2000);
    const before = auditLog().length;
    await systemClock.sleep(8000);
    const written = auditLog()
      .slice(before)
      .map(({ objectRef }) => objectRef.resource);
    expect(new Set(written)).toEqual(new Set(["leases"]));
  }, 30_000);
});
