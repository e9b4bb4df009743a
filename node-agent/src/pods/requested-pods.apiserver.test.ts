import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { systemClock } from "@pharos/base";
import { type ApiWithKinds, type Program, startApiWithKinds, startProgram } from "@pharos/lab/kubernetes";
import { TestNode } from "../test-node.ts";

const REPOSITORY = resolve(import.meta.dirname, "../../..");

let folder: string;
let api: ApiWithKinds;
let node: TestNode;
let operator: Program | undefined;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "pharos-requested-"));
  api = await startApiWithKinds(process.env);
  api.kubectl(["create", "namespace", "pharos-system"]);
  api.kubectl(["create", "serviceaccount", "default", "--namespace", "default"]);
  node = new TestNode({
    name: "n1",
    prefix: `pagr${process.pid}`,
    folder,
    kubeconfig: api.kubeconfig,
    apiPort: Number(new URL(api.url).port),
  });
  for (const command of [
    "link add eth0 type veth peer name wire0",
    "link set wire0 up",
    "address add 10.77.0.1/24 dev eth0",
    "link set eth0 up",
  ])
    node.run(["ip", ...command.split(" ")]);
  const metadata = { name: "n1", labels: { "pharos.io/host": "soc1" } };
  create({ apiVersion: "v1", kind: "Node", metadata, spec: { podCIDR: "10.42.0.0/24" } });
  const status = { addresses: [{ type: "InternalIP", address: "10.77.0.1" }] };
  api.kubectl(["patch", "node", "n1", "--subresource=status", "--type=merge", "-p", JSON.stringify({ status })]);
  node.startAgent();
  await until("a configuration for container runtimes", () => existsSync(node.conflist));
  runningPod("web");
  startOperator();
  await until("the bridge of the documents", () => node.run(["ip", "link", "show", "podBr0"]) !== "", 60_000);
}, 120_000);

afterAll(async () => {
  await operator?.stop();
  await node?.remove();
  await api?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const create = (object: object) => api.kubectl(["create", "-f", "-"], JSON.stringify(object));

/** A pod that kubelet has started: an object, and a network. */
function runningPod(name: string): string {
  const spec = { nodeName: "n1", containers: [{ name: "main", image: "any" }] };
  create({ apiVersion: "v1", kind: "Pod", metadata: { name, namespace: "default", annotations: { mine: "1" } }, spec });
  return node.addPod(name);
}

function startOperator(): void {
  const identity = ["--namespace", "pharos-system", "--identity", "test", "--kubeconfig", api.kubeconfig];
  const command = [process.execPath, join(REPOSITORY, "dist/pharos.mjs"), "operator", ...identity];
  operator = startProgram({ command, log: join(folder, "operator.log"), env: { PATH: process.env.PATH } });
  const socs = [{ name: "soc1", interfaces: [{ name: "eth0", type: "static", address: "10.77.0.1/24" }] }];
  const bridge = (name: string, subnet: string, more: object = {}) => {
    const ipam = { type: "host-local", ranges: [{ subnet }] };
    return { name, type: "bridge", bridgeFor: "pod", isGateway: true, ipam, ...more };
  };
  create({ apiVersion: "pharos.io/v1", kind: "Node", metadata: { name: "car" }, spec: { name: "car", socs, defaultAction: "ACCEPT" } });
  const bridges = [bridge("podBr0", "10.2.0.0/24", { default: true }), bridge("podBr1", "10.3.0.0/24")];
  create({ apiVersion: "pharos.io/v1", kind: "Bridge", metadata: { name: "pods" }, spec: { bridges } });
}

function request(id: string, podName: string, bridge: string): void {
  const spec = { bridge, request: { id, podName, requestedAt: new Date(systemClock.now()).toISOString() } };
  create({ apiVersion: "pharos.io/v1", kind: "PodNetwork", metadata: { name: `request-${id}`, namespace: "default" }, spec });
}

async function until(what: string, holds: () => boolean, withinMs = 30_000): Promise<void> {
  const end = systemClock.monotonic() + withinMs;
  const quiet = () => {
    try {
      return holds();
    } catch {
      return false;
    }
  };
  while (!quiet()) {
    if (systemClock.monotonic() > end) throw new Error(`${what} did not come\n--- agent\n${node.log()}\n--- operator\n${operatorLog()}`);
    await systemClock.sleep(100);
  }
}

const operatorLog = () => (operator === undefined ? "" : readFileSync(operator.log, "utf8"));
const json = (...args: string[]) => JSON.parse(api.kubectl([...args, "-o", "json"]));
const answer = (id: string) => json("get", "podnetwork", `request-${id}`).status ?? {};

interface Attached {
  readonly spec: { readonly request?: object; readonly ifname: string; readonly bridge: string; readonly pod: { readonly name: string } };
}
/** `pod interface bridge` of all attachments, sorted. */
const attachments = (): readonly string[] =>
  (json("get", "podnetworks", "-n", "default").items as Attached[])
    .filter(({ spec }) => spec.request === undefined)
    .map(({ spec }) => `${spec.pod.name} ${spec.ifname} ${spec.bridge}`)
    .sort();
const pings = (pod: string, address: string) => node.run(["ping", "-c1", "-W1", address], pod).includes(" 0% packet loss");

describe("RequestNetworkPod on Kubernetes", () => {
  test("gives a running pod an interface more, which its annotation tells", async () => {
    request("r1", "web", "podBr1");
    await until("the answer", () => answer("r1").phase === "Attached");
    expect(answer("r1").addresses).toEqual([expect.stringMatching(/^10\.3\.0\.\d+\/24$/)]);
    expect(node.run(["ip", "-br", "address", "show", "net1"], "web")).toContain(answer("r1").addresses[0]);
    expect(pings("web", "10.3.0.1")).toBe(true);
    await until("both attachments", () => attachments().join() === ["web eth0 pharos0", "web net1 podBr1"].join());
    const annotations = () => json("get", "pod", "web").metadata.annotations;
    await until("the annotation", () => annotations()["k8s.v1.cni.cncf.io/network-status"] !== undefined);
    expect(annotations().mine).toBe("1");
    expect(JSON.parse(annotations()["k8s.v1.cni.cncf.io/network-status"])).toMatchObject([
      { name: "pharos0", interface: "eth0", ips: ["10.42.0.2"], default: true },
      { name: "podBr1", interface: "net1", ips: [answer("r1").addresses[0].split("/")[0]] },
    ]);
  });

  test("fails with a reason where it cannot be", async () => {
    request("r2", "web", "podBr7");
    await until("the answer", () => answer("r2").phase === "Failed");
    expect(answer("r2").message).toContain("podBr7");
  });

  test("counts for a pod that starts later, also while the agent is away", async () => {
    request("r3", "late", "podBr1");
    const file = join(node.folder, "root/var/lib/pharos/requests/default/late.json");
    await until("the request on disk", () => existsSync(file));
    await node.stopAgent();
    expect(runningPod("late")).toMatch(/^10\.3\.0\./);
    expect(answer("r3")).toEqual({});
    node.startAgent();
    await until("the answer", () => answer("r3").phase === "Attached");
    await until("no request on disk", () => !existsSync(file));
    expect(attachments()).toContain("late eth0 podBr1");
  });

  test("what it added goes with the pod", async () => {
    node.removePod("web");
    await until("no attachment of it", () => !attachments().some((text) => text.startsWith("web")));
  });
});

describe("the agent of a Kubernetes node", () => {
  test("makes a bridge again that somebody deleted, and pods are in it again with their addresses", async () => {
    const addresses = () => node.run(["ip", "-br", "address", "show", "eth0"], "late");
    const before = addresses();
    node.run(["ip", "link", "delete", "podBr1"]);
    await until("the pod's way to its gateway", () => pings("late", "10.3.0.1"));
    expect(addresses()).toBe(before);
  });

  test("forgets a pod whose namespace is gone without a word of its runtime", async () => {
    expect(attachments()).toEqual(["late eth0 podBr1"]);
    node.killPod("late");
    await until("no attachment", () => attachments().length === 0, 60_000);
  });
});
