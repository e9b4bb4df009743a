// The real daemons under the chart's service accounts. Needs root (a network namespace is the node) and built programs.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { systemClock } from "@pharos/base";
import { type Program, requireKubeAsset, startProgram } from "@pharos/lab/kubernetes";
import { TestNode } from "@pharos/node-agent/test-node";
import { ROLLBACK_ANNOTATION } from "@pharos/store";
import { missingGrants, type PolicyRule, unusedGrants } from "@pharos/store/kubernetes";
import { auditArguments, callsOf } from "./audit.ts";
import { CHART } from "./helm.ts";
import { agentOn, type ChartCluster, NAMESPACE, startChartCluster, tokenKubeconfig } from "./installed-chart.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
/** The part of a vehicle that this node is: all of it. */
const HOST = "soc1";

let cluster: ChartCluster;
let node: TestNode;
const daemons: Program[] = [];

beforeAll(async () => {
  cluster = await startChartCluster(process.env, auditArguments);
  await until("the API server's endpoints", () => cluster.kubectl(["get", "endpointslice", "kubernetes"]).ok);
  const { ok, stderr } = cluster.helm(["install", "pharos", CHART, "--namespace", NAMESPACE, "--create-namespace"]);
  if (!ok) throw new Error(stderr);
  cluster.kubectl(["wait", "--for=condition=Established", "--timeout=30s", "crd", "--all"]);
  const kubeconfig = agentOn(cluster, "n1", HOST);
  must([
    "patch",
    "node",
    "n1",
    "--type=merge",
    "--patch",
    JSON.stringify({ spec: { podCIDR: "10.42.0.0/24", podCIDRs: ["10.42.0.0/24"] } }),
  ]);
  const { folder, url } = cluster.server;
  node = new TestNode({ name: "n1", prefix: `phch${process.pid}`, folder, kubeconfig, apiPort: Number(new URL(url).port) });
  node.run(["ip", "link", "add", "eth0", "type", "veth", "peer", "name", "wire0"]);
  node.run(["ip", "link", "set", "wire0", "up"]);
  node.run(["ip", "address", "add", "10.1.0.2/24", "dev", "eth0"]);
  node.run(["ip", "link", "set", "eth0", "up"]);
  node.startAgent();
  start("operator", ["--identity", "one"]);
  start("bridge", ["--data-dir", join(folder, "bridge"), "--listen", `127.0.0.1:${20_000 + (process.pid % 10_000)}`, "--socket", socket()]);
}, 120_000);

afterAll(async () => {
  await Promise.all(daemons.map((daemon) => daemon.stop()));
  await node?.remove();
  await cluster?.stop();
});

const socket = () => join(cluster.server.folder, "pharos.sock");

function start(part: string, args: readonly string[]): void {
  const log = join(cluster.server.folder, `${part}.log`);
  const program = [process.execPath, join(REPOSITORY, "dist/pharos.mjs"), part, "--namespace", NAMESPACE];
  daemons.push(
    startProgram({ command: [...program, "--kubeconfig", tokenKubeconfig(cluster, part), ...args], log, env: { PATH: process.env.PATH } }),
  );
}

function must(args: readonly string[], stdin = ""): string {
  const { ok, text } = cluster.kubectl(args, stdin);
  if (!ok) throw new Error(text);
  return text;
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = systemClock.monotonic() + 40_000;
  while (!(await holds())) {
    if (systemClock.monotonic() > end) throw new Error(`${what} did not come\n${logs()}`);
    await systemClock.sleep(100);
  }
}

function logs(): string {
  return [...daemons.map(({ log }) => readFileSync(log, "utf8")), node?.log() ?? ""].map((log) => log.slice(-3000)).join("\n---\n");
}

/** One call of the Pharos API. The node's way to the API server leads through this process, so it must not be blocked meanwhile. */
function call(method: string, request: object): Promise<string> {
  const args = ["-plaintext", "-unix", "-max-time", "60", "-d", JSON.stringify(request), socket(), `pharos.api.v1.PharosService/${method}`];
  return new Promise((resolve) => {
    execFile(requireKubeAsset("grpcurl", process.env), args, (_, stdout, stderr) => resolve(`${stdout}${stderr}`));
  });
}

const vehicle = (action: string) => `
apiVersion: v1
kind: node
metadata: { name: car }
spec:
  name: car
  defaultAction: ${action}
  socs: [{ name: ${HOST}, interfaces: [{ name: eth0, type: static, address: 10.1.0.2/24 }] }]
`;

const bridge = `
---
apiVersion: v1
kind: bridge
metadata: { name: pods }
spec:
  bridges:
    - { name: podBr0, type: bridge, bridgeFor: pod, isGateway: true, default: true, ipam: { type: host-local, ranges: [{ subnet: 10.2.1.0/24 }] } }
`;

function services(...list: readonly object[]): void {
  const document = {
    apiVersion: "pharos.io/v1",
    kind: "ServiceDeployment",
    metadata: { name: "services", namespace: "default" },
    spec: { services: list },
  };
  must(["apply", "-f", "-"], JSON.stringify(document));
}

/** Everything that a vehicle goes through. */
async function drive(): Promise<void> {
  await until("the built-in network", () => node.log().includes("container runtimes find the plugin"));
  node.addPod("first");
  await until("the attachment", () => must(["get", "podnetworks", "--output", "name"]).includes("podnetwork"));
  const configure = (yaml: string) => call("ConfigureVehicleNetwork", { vehicle_yaml: yaml });
  await until("the Pharos API", async () => (await configure(vehicle("ACCEPT") + bridge)).includes('"success": true'));
  // A pod with two interfaces.
  const wanted = { pod_name: "first", network_yaml: "kind: bridge\nspec: { bridges: [{ name: podBr0 }] }" };
  expect(await call("RequestNetworkPod", wanted)).toContain("requestId");
  await until("its further interface", () => /podnetwork.*first-net1/.test(must(["get", "podnetworks", "--output", "name"])));
  await until("the end of the request", () => must(["get", "podnetworks", "--output", "json"]).includes("pharos.io/completed"));
  // A document that is refused, and a rollback.
  const ends = { srcIntfName: "nobody", dstIntfName: "nowhere", rules: [{ action: "ACCEPT", protocol: "tcp" }] };
  const refused = { apiVersion: "pharos.io/v1", kind: "RoutingConfig", metadata: { name: "refused" }, spec: { routingInfo: [ends] } };
  must(["apply", "-f", "-"], JSON.stringify(refused));
  await until("its event", () => /RoutingConfig|routingconfig/.test(must(["get", "events", "--output", "wide"])));
  must(["delete", "routingconfig", "refused"]);
  const annotated = () => must(["get", "configrevisions", "--output", "json"]).includes(`${ROLLBACK_ANNOTATION}"`);
  must([
    "annotate",
    "configrevision",
    must(["get", "configrevisions", "--output", "name"]).split(/[/\n]/)[1] ?? "",
    `${ROLLBACK_ANNOTATION}=by-hand`,
  ]);
  await until("the answer to the rollback", () => !annotated());
  // An update, and the deletion of what is no more in the whole network.
  expect(await configure(vehicle("DROP"))).toContain('"success": true');
  expect(await call("RequestNetworkPod", { pod_name: "nobody" })).toContain("requestId");
  node.removePod("first");
  const service = { name: "camera", node: HOST, protocol: "grpc", ports: [50051] };
  services({ ...service, image: "vehicle/camera:1" }, { ...service, name: "radar" });
  await until("the Deployment", () => must(["get", "deployments", "--output", "name"]).includes("camera"));
  services({ ...service, name: "radar", ports: [50052] });
  await until("its removal", () => !must(["get", "deployments", "--output", "name"]).includes("camera"));
  must(["delete", "servicedeployment", "services"]);
  await until("the attachment's end", () => !/podnetwork.*first/.test(must(["get", "podnetworks", "--output", "name"])));
}

/** Rights that this vehicle makes no use of, each with what does. `document` is any of the five kinds of documents. */
const ELSEWHERE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  operator: {
    "delete configrevisions.pharos.io": "more than twenty revisions",
    "get serviceregistrations.pharos.io": "a registration that changed",
    "update serviceregistrations.pharos.io": "a registration that changed",
    "patch events.events.k8s.io": "an event that comes again after a minute",
    "list podnetworks.pharos.io": "a node that is gone for more than a minute",
    "delete podnetworks.pharos.io": "a node that is gone for more than a minute",
    "delete hostreports.pharos.io": "a node that is gone for more than a minute",
    "delete leases.coordination.k8s.io in pharos-system": "a node that is gone for more than a minute",
  },
  bridge: {
    "get configrevisions.pharos.io": "a rollback that is asked for through the bridge",
    "update configrevisions.pharos.io": "a rollback that is asked for through the bridge",
    "delete podnetworks.pharos.io": "a request that ends after a minute",
    "patch podnetworks/status.pharos.io": "a request that ends after a minute",
  },
  agent: {
    "get hostreports.pharos.io": "a report that names another node",
    "update hostreports.pharos.io": "a report that names another node",
  },
};

interface Roles {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly namespace?: string };
    readonly rules: readonly PolicyRule[];
  }[];
}

const DOCUMENTS = new Set(["nodes", "bridges", "routingconfigs", "securityconfigs", "servicedeployments"]);

/** What is done with one kind of documents is done with each: the same code follows and writes all five. */
function asDocument(group: string, resource: string): string {
  const [kind = "", subresource] = resource.split("/");
  return group === "pharos.io" && DOCUMENTS.has(kind) ? ["document", subresource].filter((part) => part !== undefined).join("/") : resource;
}

function rulesOf(part: string): ReadonlyMap<string, readonly PolicyRule[]> {
  const component = `app.kubernetes.io/component=${part}`;
  const { items } = JSON.parse(must(["get", "clusterroles,roles", "-A", "--selector", component, "--output", "json"])) as Roles;
  const whole = (rule: PolicyRule) => {
    const [group = ""] = rule.apiGroups;
    return { ...rule, resources: [...new Set(rule.resources.map((resource) => asDocument(group, resource)))] };
  };
  const byNamespace = Map.groupBy(items, ({ metadata }) => metadata.namespace ?? "");
  return new Map([...byNamespace].map(([namespace, roles]) => [namespace, roles.flatMap(({ rules }) => rules.map(whole))]));
}

test("each daemon may do what it does, and nothing that it does not do", async () => {
  await drive();
  const outcome = ["operator", "bridge", "agent"].map((part) => {
    const all = callsOf(cluster.server.folder, part);
    const calls = all.map((one) => ({ ...one, resource: asDocument(one.group, one.resource) }));
    const refused = [...new Set(calls.filter(({ status }) => status === 403).map(({ message }) => message))];
    const unused = unusedGrants(rulesOf(part), calls);
    const idle = unused.filter((grant) => ELSEWHERE[part]?.[grant] === undefined);
    // An excuse for what is granted no more or used here hides the next idle right of that name.
    const excused = Object.keys(ELSEWHERE[part] ?? {}).filter((grant) => !unused.includes(grant));
    return { part, calls: calls.length > 20, refused, missing: missingGrants(rulesOf(part), calls), idle, excused };
  });
  const wanted = { calls: true, refused: [], missing: [], idle: [], excused: [] };
  expect(outcome).toEqual(["operator", "bridge", "agent"].map((part) => ({ part, ...wanted })));
}, 180_000);
