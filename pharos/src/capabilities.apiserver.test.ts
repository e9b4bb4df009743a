// What the agent's pod may do, by the chart: exactly these capabilities, and a root file system that is read-only. Needs root and built programs.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { systemClock } from "@pharos/base";
import { type ApiWithKinds, startApiWithKinds } from "@pharos/lab/kubernetes";
import { TestNode } from "@pharos/node-agent/test-node";
import { parse } from "yaml";

const VALUES = parse(readFileSync(join(import.meta.dirname, "../../charts/pharos/values.yaml"), "utf8")) as {
  readonly agent: { readonly capabilities: readonly string[] };
};
const ALL = VALUES.agent.capabilities;

/** The mounts of the agent's container: everything read-only, also /proc/sys, but /run, /run/netns and the folder of the node. */
const MOUNTS = `
set -e
mkdir -p "$0/run"
mount --bind "$0" "$0"
mount -t tmpfs tmpfs "$0/run"
mkdir "$0/run/netns"
mount --rbind /run/netns "$0/run/netns"
mount --rbind "$0/run" /run
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
mount -o remount,bind,ro /
exec "$@"`;

let api: ApiWithKinds;
let node: TestNode;
let nodes = 0;

beforeAll(async () => {
  api = await startApiWithKinds(process.env);
  api.kubectl(["create", "namespace", "pharos-system"]);
}, 60_000);

afterAll(() => api?.stop());

beforeEach(() => {
  const name = `n${++nodes}`;
  const spec = { podCIDR: `10.42.${nodes}.0/24` };
  api.kubectl(["create", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "Node", metadata: { name }, spec }));
  const apiPort = Number(new URL(api.url).port);
  node = new TestNode({ name, prefix: `phcp${process.pid}`, folder: api.folder, kubeconfig: api.kubeconfig, apiPort });
  node.run(["ip", "link", "add", "eth0", "type", "veth", "peer", "name", "wire0"]);
  node.run(["ip", "link", "set", "eth0", "up"]);
  node.run(["ip", "address", "add", "10.77.0.1/24", "dev", "eth0"]);
});

afterEach(() => node.remove());

function startWith(capabilities: readonly string[]): void {
  const set = ["-all", ...capabilities.map((name) => `+${name.toLowerCase()}`)].join(",");
  const limit = ["setpriv", `--bounding-set=${set}`, "--inh-caps=-all", "--no-new-privs"];
  node.startAgentUnder(["unshare", "--mount", "--propagation", "slave", "sh", "-c", MOUNTS, api.folder, ...limit]);
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const end = systemClock.monotonic() + 30_000;
  while (!holds()) {
    if (systemClock.monotonic() > end) throw new Error(`${what} did not come\n${node.log()}`);
    await systemClock.sleep(100);
  }
}

const status = () => readFileSync(`/proc/${node.pid}/status`, "utf8");

test("with the chart's capabilities and a read-only root file system the agent makes the network, and tells it", async () => {
  startWith(ALL);
  await until("a configuration for container runtimes", () => existsSync(node.conflist));
  const masks = [...status().matchAll(/^Cap(Prm|Eff|Bnd):\t([0-9a-f]+)$/gm)].map(([, name, mask]) => [name, Number(`0x${mask}`)]);
  const wanted = ALL.reduce((mask, name) => mask + 2 ** ({ NET_ADMIN: 12, NET_RAW: 13, SYS_ADMIN: 21 }[name] ?? 63), 0);
  expect(masks).toEqual([
    ["Prm", wanted],
    ["Eff", wanted],
    ["Bnd", wanted],
  ]);
  expect(readFileSync(`/proc/${node.pid}/mounts`, "utf8")).toMatch(/^\S+ \/ \S+ ro[, ]/m);
  expect(node.run(["ip", "-br", "address", "show", "pharos0"])).toContain(`10.42.${nodes}.1/24`);
  expect(node.run(["nft", "list", "tables"])).toContain("pharos");
  expect(node.run(["cat", "/proc/sys/net/ipv4/ip_forward"])).toBe("1\n");
  const ready = () => api.kubectl(["get", "hostreport", node.name, "--ignore-not-found", "-o", "jsonpath={.status.state}"]);
  await until("the report", () => ready() === "Committed");
}, 60_000);

/** What the report says where a capability is missing. */
const MISSED = {
  NET_ADMIN: "listing needs CAP_NET_ADMIN",
  SYS_ADMIN: "cannot set net/ipv4/ip_forward to 1: EROFS",
} as const;

test.each(Object.entries(MISSED))(
  "without %s its report says what it cannot do, and no pod network is announced",
  async (capability, message) => {
    startWith(ALL.filter((name) => name !== capability));
    const told = () =>
      api.kubectl(["get", "hostreport", node.name, "--ignore-not-found", "-o", "jsonpath={.status.state} {.status.conditions[0].message}"]);
    await until(`a report of ${message}`, () => told().startsWith("Degraded") && told().includes(message));
    expect(existsSync(node.conflist)).toBe(false);
  },
  60_000,
);

/** Proven where leases are: node-agent/src/dhcp/lease-keeper.kernel.test.ts. */
const OF_LEASES = ["NET_RAW"];

test("no capability of the chart is without its proof", () => {
  expect([...ALL].sort()).toEqual([...Object.keys(MISSED), ...OF_LEASES].sort());
});
