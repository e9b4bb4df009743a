// What goes wrong around a vehicle on Kubernetes: each fault is told with a code, and the network in the kernel stays as it is. Needs
// root (a network namespace is the node) and built programs.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { systemClock } from "@pharos/base";
import type { TestDaemon } from "./test-daemon.ts";
import { HOST, logOf, TestVehicle } from "./test-vehicle.ts";

const DAY_MS = 86_400_000;

let vehicle: TestVehicle;
let operator: TestDaemon;
/** Address of the pod that runs from before the first document to the end. */
let pod: string;
let port = 30_000;

beforeAll(async () => {
  vehicle = await TestVehicle.start(process.env);
}, 120_000);
afterAll(() => vehicle?.stop());

/** Each test leaves a vehicle that works, with a pod that was never cut off. */
afterEach(() => {
  expect(vehicle.pings("first", "10.42.0.1")).toBe(true);
});

const resource = (kind: string, name: string, spec: object) => ({ apiVersion: "pharos.io/v1", kind, metadata: { name }, spec });

function bridge(name: string, subnet: string) {
  const ipam = { type: "host-local", ranges: [{ subnet }] };
  return resource("Bridge", name.toLowerCase(), { bridges: [{ name, type: "bridge", bridgeFor: "pod", isGateway: true, ipam }] });
}

function openPort(number: number) {
  const rules = [{ action: "ACCEPT", protocol: "tcp", dstPort: number }];
  return resource("RoutingConfig", "rules", { routingInfo: [{ srcIntfName: "podBr0", dstIntfName: "world", rules }] });
}

/** A change that was just made reaches the kernel. */
async function converges(): Promise<void> {
  port += 1;
  const number = port;
  vehicle.apply(openPort(number));
  await vehicle.eventually(`port ${number} in the kernel`, () => vehicle.node.run(["nft", "list", "ruleset"]).includes(String(number)));
  await vehicle.condition("routingconfig", "rules", { type: "InSync", status: "True" });
}

async function restartOperator(how: Parameters<TestVehicle["startOperator"]>[0] = {}): Promise<void> {
  await operator.stop();
  operator = await vehicle.startOperator(how);
}

async function restartAgent(wrapper: readonly string[] = [], ...more: readonly string[]): Promise<() => string> {
  await vehicle.node.stopAgent();
  const before = vehicle.node.log().length;
  vehicle.node.startAgentUnder(wrapper, ...more);
  return () => vehicle.node.log().slice(before);
}

/** A program's text in the vehicle's folder, as an option that makes Node run it first. */
function imported(name: string, text: string): string {
  const file = vehicle.file(name);
  writeFileSync(file, text);
  return `--import=${pathToFileURL(file)}`;
}

/** A wall clock that is off; Node has no other access to it. */
function skewed(name: string, ms: number): string {
  return imported(
    name,
    `const now = Date.now; Date.now = () => now() + ${ms};
     globalThis.Date = new Proxy(Date, { construct: (target, args) => new target(...(args.length > 0 ? args : [now() + ${ms}])) });`,
  );
}

test("CRDs missing at the start: pods have a network, both say what is missing, and documents work once they are there", async () => {
  operator = await vehicle.startOperator();
  vehicle.node.startAgent();
  await vehicle.says(() => logOf(operator), "PHAROS-3202");
  await vehicle.says(() => logOf(operator), "PHAROS-3021");
  await vehicle.says(() => vehicle.node.log(), "PHAROS-3021");
  await vehicle.eventually("a network for pods", () => vehicle.hasConflist());
  pod = vehicle.node.addPod("first");
  const before = vehicle.kernel();
  vehicle.api.installKinds();
  await vehicle.condition("hostreport", HOST, { type: "StoreReadable", status: "True" });
  expect(vehicle.kernel()).toBe(before);
  const socs = [{ name: HOST, interfaces: [{ name: "eth0", type: "static", address: "10.77.0.1/24" }] }];
  vehicle.apply(resource("Node", "car", { name: "car", socs, defaultAction: "DROP" }), bridge("podBr0", "10.2.0.0/24"));
  await converges();
  await vehicle.says(() => logOf(operator), "all kinds can be read again");
  expect(pod).toBe("10.42.0.2");
}, 180_000);

test("a document that kubectl takes and another contradicts: refused by a condition and an event, and nothing changes", async () => {
  const before = vehicle.kernel();
  vehicle.apply(bridge("podBr1", "10.2.0.128/25"));
  const told = await vehicle.condition("bridge", "podbr1", { type: "Accepted", status: "False" });
  expect(told.message).toMatch(/PHAROS-1\d{3}.*podBr/);
  await vehicle.event("Invalid", "PHAROS-1");
  expect(vehicle.kernel()).toBe(before);
  vehicle.api.kubectl(["delete", "bridge", "podbr1"]);
  await converges();
}, 120_000);

test("the API server away for 20 s: the logs say so, nothing changes, and afterwards changes arrive", async () => {
  const before = vehicle.kernel();
  const silence = vehicle.node.log().length;
  await vehicle.api.stopServer();
  expect(() => vehicle.apply(openPort(1))).toThrow();
  await systemClock.sleep(20_000);
  expect(vehicle.kernel()).toBe(before);
  expect(vehicle.node.log().slice(silence)).toContain("PHAROS-3006");
  expect(logOf(operator)).toContain("PHAROS-3006");
  expect((await operator.ask("/livez"))?.status).toBe(200);
  await vehicle.api.startServer();
  await converges();
}, 120_000);

test("403 on one kind for the agent: a condition of its report names it, and nothing changes", async () => {
  const before = vehicle.kernel();
  const log = await restartAgent([], "--kubeconfig", await vehicle.userWithout("narrow", "configrevisions"));
  const told = await vehicle.condition("hostreport", HOST, { type: "StoreReadable", status: "False" });
  expect(told.message).toContain("configrevisions.pharos.io");
  await vehicle.says(log, "PHAROS-3007");
  expect(vehicle.kernel()).toBe(before);
  await restartAgent();
  await vehicle.condition("hostreport", HOST, { type: "StoreReadable", status: "True" });
  await converges();
}, 120_000);

test("403 on one kind for the operator: condition, event and log name it, and its documents stay in effect", async () => {
  const before = vehicle.kernel();
  await restartOperator({ kubeconfig: await vehicle.userWithout("blind", "routingconfigs") });
  const told = await vehicle.condition("node.pharos.io", "car", { type: "StoreAccess", status: "False" });
  expect(told.message).toContain("routingconfigs.pharos.io");
  await vehicle.event("Denied", "routingconfigs.pharos.io");
  await vehicle.says(() => logOf(operator), "PHAROS-3202");
  expect(vehicle.kernel()).toBe(before);
  await restartOperator();
  await converges();
}, 120_000);

test("clocks off by a day, the operator's ahead and the agent's behind: both say so, and changes arrive", async () => {
  const before = vehicle.kernel();
  await restartOperator({ env: { PATH: process.env.PATH, NODE_OPTIONS: skewed("ahead.mjs", DAY_MS) } });
  const log = await restartAgent(["env", `NODE_OPTIONS=${skewed("behind.mjs", -DAY_MS)}`]);
  expect(await vehicle.says(() => logOf(operator), "PHAROS-3023")).toMatch(/86(399|4\d\d) s ahead of the API server/);
  expect(await vehicle.says(log, "PHAROS-3023")).toMatch(/86(399|4\d\d) s behind the API server/);
  expect(vehicle.kernel()).toBe(before);
  await converges();
  // Back to today: a Lease from tomorrow binds nobody for a day.
  await restartOperator();
  await restartAgent();
  await converges();
}, 180_000);

test("a kernel without nft: the report and the log say so, and what runs stays", async () => {
  const before = vehicle.kernel();
  const stub = vehicle.file("nft");
  writeFileSync(stub, "#!/bin/sh\necho 'netlink: Error: cache initialization failed: Operation not supported' >&2\nexit 1\n", {
    mode: 0o755,
  });
  const covering = vehicle.file("covering.mjs");
  writeFileSync(
    covering,
    `import { execFileSync } from "node:child_process";
     execFileSync("mount", ["--bind", ${JSON.stringify(stub)}, "/usr/sbin/nft"]);
     process.execve(process.execPath, [process.execPath, ...process.argv.slice(3)], process.env);`,
  );
  const log = await restartAgent(["unshare", "--mount", process.execPath, covering]);
  await vehicle.says(log, "Operation not supported");
  const told = await vehicle.condition("hostreport", HOST, { type: "Ready", status: "False" });
  expect(told.message).toMatch(/PHAROS-20\d\d.*Operation not supported/);
  expect(vehicle.kernel()).toBe(before);
  await restartAgent();
  await vehicle.condition("hostreport", HOST, { type: "Ready", status: "True" });
  await converges();
}, 120_000);

test("another network's CNI configuration: told with what to do, it stays as it is, and ours too", async () => {
  const before = vehicle.kernel();
  const foreign = join(vehicle.node.confDir, "00-other.conflist");
  const text = JSON.stringify({ cniVersion: "1.0.0", name: "other", plugins: [{ type: "bridge" }] });
  writeFileSync(foreign, text);
  await vehicle.says(() => vehicle.node.log(), "PHAROS-4041");
  await vehicle.eventually("the finding", () =>
    vehicle.api.kubectl(["get", "hostreport", HOST, "-o", "jsonpath={.status.findings[*].code}"]).includes("PHAROS-4041"),
  );
  expect(vehicle.kernel()).toBe(before);
  expect(vehicle.hasConflist()).toBe(true);
}, 120_000);
