import { describe, expect, test } from "@jest/globals";
import { readLedger } from "@pharos/ledger";
import type { PluginRun, TestHost } from "./plugin-harness.ts";
import { testHosts } from "./test-hosts.ts";
import { bridgeOf, networkOf, rangeOf } from "./test-network.ts";

function bridge(name: string, net: number) {
  const routes = [{ dst: "0.0.0.0/0" }, { dst: `10.${net + 100}.0.0/16` }];
  return bridgeOf(name, [rangeOf(`10.${net}.0.0/24`, "9")], { routes });
}

const DATA = networkOf(bridge("front", 61), bridge("store", 62), bridge("cam", 63));
const wanting = (bridges: string, ip?: string) => ({
  runtimeConfig: {
    "io.kubernetes.cri.pod-annotations": { "pharos.io/bridge": bridges, ...(ip === undefined ? {} : { "pharos.io/ip": ip }) },
  },
});

const newHost = testHosts("pcos", DATA);
let host: TestHost;

function placesOf({ json }: PluginRun): string[] {
  const { interfaces = [], ips = [] } = json as { interfaces?: { name: string }[]; ips?: { address: string; interface: number }[] };
  return ips.map(({ address, interface: index }) => `${interfaces[index]?.name} ${address}`);
}

describe("a pod with several bridges", () => {
  test("has one interface on each, with packets passing on all, and the default route on the first", async () => {
    host = newHost("a");
    const run = await host.call({ verb: "ADD", pod: "a", config: wanting("store,front,cam", "10.62.0.7, cam=10.63.0.8") });
    expect([run.json.msg, run.json.details, placesOf(run)]).toEqual([
      undefined,
      undefined,
      ["eth0 10.62.0.7/24", "net1 10.61.0.2/24", "net2 10.63.0.8/24"],
    ]);
    for (const gateway of ["10.61.0.1", "10.62.0.1", "10.63.0.1"]) host.exec("a", "ping", "-c1", "-W2", gateway);
    expect(host.ip("a", "route", "show", "default").trim()).toMatch(/^default via 10\.62\.0\.1 dev eth0/);
    expect(host.ip("a", "route", "show", "10.163.0.0/16").trim()).toMatch(/^10\.163\.0\.0\/16 via 10\.63\.0\.1 dev net2/);
    expect(host.ip("a", "route", "show", "224.0.0.0/4")).toMatch(/dev eth0/);
    expect(readLedger(host.stateDir).map(({ key, bridge: name, primary }) => [key.ifname, name, primary])).toEqual([
      ["eth0", "store", undefined],
      ["net1", "front", "eth0"],
      ["net2", "cam", "eth0"],
    ]);
  });

  test("gets the same again, is checked and is removed as a whole, by DEL and by GC", async () => {
    host = newHost("a");
    const first = await host.call({ verb: "ADD", pod: "a", config: wanting("front,store") });
    expect((await host.call({ verb: "ADD", pod: "a" })).json).toEqual(first.json);
    expect((await host.call({ verb: "CHECK", pod: "a", config: { prevResult: first.json } })).stdout).toBe("");
    host.ip("a", "address", "flush", "dev", "net1");
    expect((await host.call({ verb: "CHECK", pod: "a", config: { prevResult: first.json } })).json.msg).toMatch(/net1 has not the address/);
    expect((await host.call({ verb: "DEL", pod: "a" })).code).toBe(0);
    expect([host.podLinks(), readLedger(host.stateDir)]).toEqual([[], []]);

    await host.call({ verb: "ADD", pod: "a", config: wanting("front,store") });
    const valid = (ids: string[]) => ({ "cni.dev/valid-attachments": ids.map((id) => ({ containerID: id, ifname: "eth0" })) });
    await host.call({ verb: "GC", pod: "a", config: valid(["a-id"]) });
    expect([host.podLinks().length, readLedger(host.stateDir).length]).toEqual([2, 2]);
    await host.call({ verb: "GC", pod: "a", config: valid([]) });
    expect([host.podLinks(), readLedger(host.stateDir)]).toEqual([[], []]);
  });

  test("is taken back as a whole when its last interface cannot be made", async () => {
    host = newHost("a");
    host.ip("a", "link", "add", "net2", "type", "bridge");
    const run = await host.call({ verb: "ADD", pod: "a", config: wanting("front,store,cam") });
    expect(run).toMatchObject({ code: 1, json: { code: 101, details: expect.stringContaining("net2") } });
    expect([host.podLinks(), readLedger(host.stateDir), host.ip("a", "-br", "link").match(/eth0|net1/)]).toEqual([[], [], null]);
  });

  test("leaves nothing when the addresses of its last bridge are all taken", async () => {
    host = newHost("a", "b");
    await host.call({ verb: "ADD", pod: "b", config: wanting("store", "10.62.0.7") });
    const run = await host.call({ verb: "ADD", pod: "a", config: wanting("front,store", "store=10.62.0.7") });
    expect(run.json).toMatchObject({ code: 11, msg: expect.stringContaining("10.62.0.7 on bridge store") });
    expect([host.podLinks().length, readLedger(host.stateDir).length]).toEqual([1, 1]);
  });
});
