import { execFileSync } from "node:child_process";
import { describe, expect, test } from "@jest/globals";
import { aliasOf, hostNameOf, macOf, type PodKey } from "@pharos/attach";
import { type LedgerEntry, readLedger, withAttachment } from "@pharos/ledger";
import type { TestHost } from "./plugin-harness.ts";
import { testHosts } from "./test-hosts.ts";
import { bridgeOf, networkOf, rangeOf } from "./test-network.ts";

/** Not the goal of two seconds, but what a machine full of other work keeps too. */
const LIMIT_MS = 30_000;
const GONE = 1000;
const ORPHANS = 60;

const RANGE = { ...rangeOf("10.65.0.0/16", "9"), rangeEnd: "10.65.99.9" };
const DATA = networkOf(bridgeOf("front", [RANGE], { ipMasq: true }));
const PORT = { runtimeConfig: { portMappings: [{ hostPort: 18080, containerPort: 80, protocol: "tcp" }] } };

const newHost = testHosts("pcog", DATA);
let host: TestHost;

const keyOf = (containerID: string, network = "pods"): PodKey => ({ network, containerID, ifname: "eth0" });
const addressOf = (index: number) => `10.65.${20 + (index >> 8)}.${index & 255}/16`;

/** Entries of another boot, as a power cut leaves them. */
function recordGone(count: number): void {
  const entries = Array.from({ length: count }, (_, index): LedgerEntry => {
    const key = keyOf(`gone${index}`, index % 2 === 0 ? "pods" : "other");
    return { key, bridge: "front", addresses: [addressOf(index)], hostName: hostNameOf(key), mac: macOf(key), bootId: "another" };
  });
  withAttachment({ folder: host.stateDir, containerID: "test" }, (ledger) => ledger.reserve(() => [{ put: entries }, undefined]));
}

/** Pairs with our mark that no ledger knows, on the host alone. */
function leavePairs(count: number, network = "pods"): void {
  const lines = Array.from({ length: count }, (_, index) => {
    const key = keyOf(`orphan${index}`, network);
    const name = hostNameOf(key);
    const alias = aliasOf({ key, mac: macOf(key), addresses: [addressOf(2000 + index)] });
    return `link add ${name} type veth peer name ${network}${index}\nlink set ${name} alias ${alias} up master front`;
  });
  execFileSync("ip", ["-n", host.namespaceOf("host"), "-batch", "-"], { input: lines.join("\n") });
}

function elements(): number {
  try {
    return [...host.exec("host", "nft", "list", "table", "inet", "pharos_pods").matchAll(/elements/g)].length;
  } catch {
    return 0;
  }
}
const gc = (ids: readonly string[], key = "cni.dev/valid-attachments") =>
  host.call({ verb: "GC", pod: "a", config: { [key]: ids.map((containerID) => ({ containerID, ifname: "eth0" })) } });
const held = () => readLedger(host.stateDir).map(({ key }) => key.containerID);

describe(`after a power cut with ${GONE} pods, none of which was ever deleted`, () => {
  test.each(["STATUS", "GC"])("the first %s leaves nothing of them, and what runs now stays", async (verb) => {
    host = newHost("a");
    await host.call({ verb: "ADD", pod: "a", config: PORT });
    recordGone(GONE);
    expect(held()).toHaveLength(GONE + 1);
    const start = performance.now();
    const run = verb === "GC" ? await gc(["a-id"]) : await host.call({ verb, pod: "a" });
    expect([run.stdout, performance.now() - start < LIMIT_MS]).toEqual(["", true]);
    expect([held(), host.podLinks().length]).toEqual([["a-id"], 1]);
    host.exec("a", "ping", "-c1", "-W2", "10.65.0.1");
  });
});

describe("GC", () => {
  test.each(["cni.dev/valid-attachments", "cni.dev/attachments"])("takes the list from %s", async (key) => {
    host = newHost("a", "b");
    for (const pod of ["a", "b"]) await host.call({ verb: "ADD", pod });
    expect((await gc(["b-id"], key)).stdout).toBe("");
    expect([held(), host.podLinks().length]).toEqual([["b-id"], 1]);
  });

  test("removes pairs with our mark that nobody knows, in one go, and none of other networks or that are listed", async () => {
    host = newHost("a");
    await host.call({ verb: "ADD", pod: "a" });
    leavePairs(ORPHANS);
    leavePairs(2, "other");
    expect(host.podLinks()).toHaveLength(ORPHANS + 3);
    expect((await gc(["a-id", "orphan7"])).stdout).toBe("");
    expect(host.podLinks().toSorted()).toEqual(
      [keyOf("a-id"), keyOf("orphan7"), keyOf("orphan0", "other"), keyOf("orphan1", "other")].map((key) => hostNameOf(key)).sort(),
    );
  });

  test("removes elements of the pods' table that belong to nobody, and keeps those of pods that another ledger knows", async () => {
    host = newHost("a", "b");
    await host.call({ verb: "ADD", pod: "a", config: PORT });
    host.exec("host", "nft", "add element inet pharos_pods hostports4 { tcp . 999 : 10.65.7.7 . 80 }");
    host.exec("host", "nft", "add element inet pharos_pods masquerade4 { 10.65.7.7 }");
    const elsewhere = {
      stateDir: `${host.folder}/other`,
      name: "other",
      runtimeConfig: { portMappings: [{ hostPort: 18081, containerPort: 80 }] },
    };
    await host.call({ verb: "ADD", pod: "b", args: "IP=10.65.8.8", config: elsewhere });
    expect((await gc(["a-id"])).stdout).toBe("");
    const map = host.exec("host", "nft", "list", "map", "inet", "pharos_pods", "hostports4");
    expect([map.includes("18080"), map.includes("18081"), map.includes("999")]).toEqual([true, true, false]);
    expect(host.exec("host", "nft", "list", "set", "inet", "pharos_pods", "masquerade4")).not.toContain("10.65.7.7");
    await host.call({ verb: "DEL", pod: "b", config: elsewhere });
    expect((await gc([])).stdout).toBe("");
    expect([held(), host.podLinks(), elements()]).toEqual([[], [], 0]);
  });
});

describe("STATUS", () => {
  test("is error 50 where a foreign link has the bridge's name, and 51 when pods belong there", async () => {
    host = newHost("a");
    host.ip("host", "link", "add", "front", "type", "veth", "peer", "name", "q0");
    expect((await host.call({ verb: "STATUS", pod: "a" })).json).toMatchObject({ code: 50, msg: expect.stringContaining("front") });
    host.ip("host", "link", "del", "front");
    expect((await host.call({ verb: "ADD", pod: "a" })).code).toBe(0);
    host.ip("host", "link", "del", "front");
    host.ip("host", "link", "add", "front", "type", "veth", "peer", "name", "q0");
    expect((await host.call({ verb: "STATUS", pod: "a" })).json).toMatchObject({ code: 51, msg: expect.stringContaining("1 interfaces") });
  });

  test("is error 50 where the ledger cannot be written", async () => {
    host = newHost("a");
    execFileSync("mkdir", ["-p", host.stateDir]);
    execFileSync("mount", ["-t", "tmpfs", "-o", "ro", "tmpfs", host.stateDir]);
    try {
      expect((await host.call({ verb: "STATUS", pod: "a" })).json).toMatchObject({ code: 50, msg: expect.stringContaining("PHAROS-2101") });
    } finally {
      execFileSync("umount", [host.stateDir]);
    }
    expect((await host.call({ verb: "STATUS", pod: "a" })).stdout).toBe("");
  });
});
