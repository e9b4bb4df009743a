import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { systemClock } from "@pharos/base";
import { type ApiWithKinds, type Program, startApiWithKinds, startProgram } from "@pharos/lab/kubernetes";
import { TestNode } from "./test-node.ts";

const REPOSITORY = resolve(import.meta.dirname, "../..");

let folder: string;
let api: ApiWithKinds;
let one: TestNode;
let two: TestNode;
let operator: Program | undefined;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "pharos-nodes-"));
  api = await startApiWithKinds(process.env);
  api.kubectl(["create", "namespace", "pharos-system"]);
  const common = { prefix: `phag${process.pid}`, folder, kubeconfig: api.kubeconfig, apiPort: Number(new URL(api.url).port) };
  one = new TestNode({ name: "n1", ...common });
  two = new TestNode({ name: "n2", ...common });
  wire();
  coreNode("n1", { label: "soc1", podCidr: "10.42.0.0/24", address: "10.77.0.1" });
  coreNode("n2", { label: "soc2", podCidr: "10.42.1.0/24", address: "10.77.0.2" });
});
afterAll(async () => {
  await operator?.stop();
  await Promise.all([one?.remove(), two?.remove()]);
  await api?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** eth0 of both nodes on one wire, as their operating systems would have set it up. */
function wire(): void {
  const ip = (...args: string[]) => execFileSync("ip", args);
  ip("-n", one.namespace, "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", two.namespace);
  for (const [node, address] of [
    [one, "10.77.0.1/24"],
    [two, "10.77.0.2/24"],
  ] as const) {
    ip("-n", node.namespace, "address", "add", address, "dev", "eth0");
    ip("-n", node.namespace, "link", "set", "eth0", "up");
  }
}

function coreNode(name: string, { label, podCidr, address }: { label: string; podCidr: string; address: string }): void {
  const metadata = { name, labels: { "pharos.io/host": label } };
  api.kubectl(["create", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "Node", metadata, spec: { podCIDR: podCidr } }));
  const status = { addresses: [{ type: "InternalIP", address }] };
  api.kubectl(["patch", "node", name, "--subresource=status", "--type=merge", "-p", JSON.stringify({ status })]);
}

async function until(what: string, holds: () => boolean, withinMs = 20_000): Promise<void> {
  const end = systemClock.monotonic() + withinMs;
  while (!quiet(holds)) {
    if (systemClock.monotonic() > end)
      throw new Error(`${what} did not come\n--- n1\n${one.log()}\n--- n2\n${two.log()}\n--- operator\n${operatorLog()}`);
    await systemClock.sleep(50);
  }
}

function operatorLog(): string {
  return operator === undefined ? "" : readFileSync(operator.log, "utf8");
}

function quiet(holds: () => boolean): boolean {
  try {
    return holds();
  } catch {
    return false;
  }
}

const ping = (node: TestNode, pod: string | undefined, address: string) =>
  node.run(["ping", "-c1", "-W1", address], pod).includes(" 0% packet loss");
const json = (...args: string[]) => JSON.parse(api.kubectl([...args, "-o", "json"]));
const conditions = (host: string): readonly string[] =>
  json("get", "hostreport", host).status.conditions.map((each: Record<string, string>) => `${each.type} ${each.status} ${each.reason}`);

describe("agents of two Kubernetes nodes", () => {
  let first: string;
  let second: string;

  test("make a network of podCIDRs before any document exists, and pods on both nodes reach each other", async () => {
    one.startAgent("--health", "127.0.0.1:9443");
    two.startAgent();
    await until("a configuration for container runtimes", () => existsSync(one.conflist) && existsSync(two.conflist));
    first = one.addPod("web");
    second = two.addPod("db");
    expect([first, second]).toEqual(["10.42.0.2", "10.42.1.2"]);
    expect(one.run(["ip", "-br", "address", "show", "pharos0"])).toContain("10.42.0.1/24");
    expect(one.run(["ip", "route"])).toContain("10.42.1.0/24 via 10.77.0.2 dev eth0");
    expect(ping(one, "web", second)).toBe(true);
    expect(ping(two, "db", first)).toBe(true);
  });

  test("tell the API server who they are and which pods they have", async () => {
    const attached = () =>
      json("get", "podnetworks", "-n", "default").items.filter((each: { status?: object }) => each.status !== undefined);
    await until("both pods", () => attached().length === 2);
    const pods = attached().map(
      ({ spec, status }: { spec: { host: string; pod: { name: string } }; status: { addresses: string[] } }) =>
        `${spec.host} ${spec.pod.name} ${status.addresses.join(" ")}`,
    );
    expect(pods.sort()).toEqual(["soc1 web 10.42.0.2/24", "soc2 db 10.42.1.2/24"]);
    await until("an installed plugin in the report", () => conditions("soc1").includes("CniInstalled True Installed"));
    expect(conditions("soc1")).toEqual([
      "Ready True Committed",
      "CniInstalled True Installed",
      "StoreReadable True Following",
      "PodsConnected True Connected",
    ]);
    const lease = json("get", "lease", "pharos-host-soc2", "-n", "pharos-system");
    expect(lease.spec.holderIdentity).toBe("soc2");
    expect(one.run(["curl", "-s", "http://127.0.0.1:9443/livez", "http://127.0.0.1:9443/readyz"])).toBe("ok\nok\n");
  });

  test("write nothing but Leases while nothing happens", async () => {
    const versions = () =>
      ["podnetworks", "hostreports"].map((kind) => api.kubectl(["get", kind, "-A", "-o", "jsonpath={.items[*].metadata.resourceVersion}"]));
    await systemClock.sleep(1000);
    const before = versions();
    const renewed = () => json("get", "lease", "pharos-host-soc1", "-n", "pharos-system").spec.renewTime as string;
    const lease = renewed();
    await until("a renewed Lease", () => renewed() !== lease);
    await until("another renewed Lease", () => renewed() !== lease);
    expect(versions()).toEqual(before);
  });

  test("keep the pods' network without the API server, and bring it up from disk after a restart", async () => {
    await api.stopServer();
    expect(ping(one, "web", second)).toBe(true);
    await one.stopAgent();
    expect(ping(one, "web", second)).toBe(true);
    expect(existsSync(one.conflist)).toBe(true);
    one.run(["ip", "route", "del", "10.42.1.0/24"]);
    expect(quiet(() => ping(one, "web", second))).toBe(false);
    one.startAgent();
    await until("the route to the other node's pods", () => ping(one, "web", second));
    const third = one.addPod("late");
    expect(ping(two, "db", third)).toBe(true);
    await api.startServer();
    await until("the pod that came meanwhile", () => json("get", "podnetworks", "-n", "default").items.length === 3);
  });

  test("forget pods that are gone", async () => {
    one.removePod("late");
    await until("one pod less", () => json("get", "podnetworks", "-n", "default").items.length === 2);
  });

  test("send nothing larger than the link between the nodes takes, and follow a change of it", async () => {
    const mtu = (link: string, pod?: string) => Number(one.run(["ip", "link", "show", link], pod).match(/ mtu (\d+) /)?.[1]);
    const fits = (bytes: number) =>
      one.run(["ping", "-c1", "-W1", "-M", "do", "-s", `${bytes - 28}`, second], "small").includes(" 0% packet loss");
    expect(mtu("pharos0")).toBe(1500);
    one.run(["ip", "link", "set", "eth0", "mtu", "1400"]);
    await until("a smaller bridge", () => mtu("pharos0") === 1400);
    await until("its size for new pods", () =>
      readFileSync(join(one.folder, "root/var/lib/pharos/cni.json"), "utf8").includes('"mtu": 1400'),
    );
    one.addPod("small");
    expect(mtu("eth0", "small")).toBe(1400);
    expect(fits(1400)).toBe(true);
    expect(quiet(() => fits(1401))).toBe(false);
    expect(ping(one, "web", second)).toBe(true);
    one.run(["ip", "link", "set", "eth0", "mtu", "1500"]);
    await until("the former size", () => mtu("pharos0") === 1500);
    one.removePod("small");
  });

  test("run what documents say once there are some, and pods that run keep their network", async () => {
    const identity = ["--namespace", "pharos-system", "--identity", "test", "--kubeconfig", api.kubeconfig];
    operator = startProgram({
      command: [process.execPath, join(REPOSITORY, "dist/pharos.mjs"), "operator", ...identity],
      log: join(folder, "operator.log"),
      env: { PATH: process.env.PATH },
    });
    const soc = (name: string, address: string) => ({ name, interfaces: [{ name: "eth0", type: "static", address }] });
    const socs = [soc("soc1", "10.77.0.1/24"), soc("soc2", "10.77.0.2/24")];
    const node = {
      apiVersion: "pharos.io/v1",
      kind: "Node",
      metadata: { name: "car" },
      spec: { name: "car", socs, defaultAction: "ACCEPT" },
    };
    const ipam = { type: "host-local", ranges: [{ subnet: "10.2.0.0/24" }], blockSize: 26 };
    const podBr0 = { name: "podBr0", type: "bridge", bridgeFor: "pod", isGateway: true, ipMasq: true, ipam };
    const bridge = { apiVersion: "pharos.io/v1", kind: "Bridge", metadata: { name: "pods" }, spec: { bridges: [podBr0] } };
    api.kubectl(["apply", "--server-side", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items: [node, bridge] }));
    await until("the bridge of the documents", () => [one, two].every((each) => each.run(["ip", "link", "show", "podBr0"]) !== ""), 40_000);
    await until("committed reports", () => ["soc1", "soc2"].every((host) => json("get", "hostreport", host).status.revision?.number === 1));
    expect(ping(one, "web", second)).toBe(true);
    await until("a pod in the documents' subnet", () => one.addPod("new").startsWith("10.2.0."));
    const other = two.addPod("new");
    expect(other).toMatch(/^10\.2\.0\./);
    expect(ping(one, "new", other)).toBe(true);
    expect(readdirSync(one.confDir)).toEqual(["05-pharos.conflist"]);
  });

  test("tell what the API server refuses to show, and keep the network meanwhile", async () => {
    const verbs = ["get", "list", "watch", "create", "update", "patch", "delete"];
    const rule = (apiGroup: string, ...resources: readonly string[]) => ({ apiGroups: [apiGroup], resources, verbs });
    const kinds = ["configrevisions", "serviceregistrations", "hostreports", "hostreports/status"];
    const rules = [
      rule("pharos.io", ...kinds),
      rule("", "nodes", "services"),
      rule("discovery.k8s.io", "endpointslices"),
      rule("coordination.k8s.io", "leases"),
    ];
    const rbac = "rbac.authorization.k8s.io/v1";
    const role = { apiVersion: rbac, kind: "ClusterRole", metadata: { name: "narrow" }, rules };
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "narrow" };
    const subjects = [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "narrow" }];
    const binding = { apiVersion: rbac, kind: "ClusterRoleBinding", metadata: { name: "narrow" }, roleRef, subjects };
    api.kubectl(["create", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items: [role, binding] }));
    await two.stopAgent();
    two.startAgent("--kubeconfig", await api.writeKubeconfig("narrow"));
    await until("the refusal", () => conditions("soc2").includes("StoreReadable False Refused"));
    const { findings } = json("get", "hostreport", "soc2").status;
    const told = findings.filter(({ code }: { readonly code: string }) => code === "PHAROS-4043");
    expect(told).toEqual([
      expect.objectContaining({ severity: "ERROR", description: expect.stringContaining("list podnetworks.pharos.io") }),
    ]);
    expect(two.log().match(/cannot follow.*podnetworks/g)).toHaveLength(1);
    expect(ping(one, "web", second)).toBe(true);
  });

  test("go on as another host when the node's label says so", async () => {
    await two.stopAgent();
    two.startAgent();
    await until("readable", () => conditions("soc2").includes("StoreReadable True Following"));
    api.kubectl(["label", "node", "n2", "pharos.io/host=soc3", "--overwrite"]);
    await until("a report of the other host", () => json("get", "hostreport", "soc3").spec.host === "soc3");
    expect(two.log()).toContain("PHAROS-4044");
    await until("its Lease", () => json("get", "lease", "pharos-host-soc3", "-n", "pharos-system").spec.holderIdentity === "soc3");
  });
});
