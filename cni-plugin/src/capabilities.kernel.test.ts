import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { readLedger } from "@pharos/ledger";
import type { PluginRun, TestHost } from "./plugin-harness.ts";
import { testHosts } from "./test-hosts.ts";
import { bridgeOf, networkOf, rangeOf } from "./test-network.ts";

const subnet = (net: number) => rangeOf(`10.${net}.0.0/24`, "9");
const DATA = networkOf(
  bridgeOf("front", [subnet(67)]),
  bridgeOf("fixed", [subnet(68)], { ipam: "static" }),
  bridgeOf("apart", [subnet(69)], { isolated: true }),
);

const newHost = testHosts("pcoc", DATA);
let host: TestHost;
beforeEach(() => {
  host = newHost("a", "b");
});

const addressesOf = ({ json }: PluginRun) => (json as { ips?: { address: string }[] }).ips?.map(({ address }) => address);
const annotated = (annotations: object) => ({ runtimeConfig: { "io.kubernetes.cri.pod-annotations": annotations } });

describe("ADD", () => {
  test("takes an address from ipRanges, the router and name servers that are asked for, and ignores aliases", async () => {
    const runtimeConfig = {
      ipRanges: [[{ subnet: "10.67.0.64/28", gateway: "10.67.0.65" }]],
      dns: { servers: ["10.67.0.53"], searches: ["car.example"] },
      aliases: ["anything", 7],
    };
    const run = await host.call({ verb: "ADD", pod: "a", config: { runtimeConfig, dns: { nameservers: ["192.0.2.1"], domain: "car" } } });
    expect(run.json).toMatchObject({
      ips: [{ address: "10.67.0.64/24", gateway: "10.67.0.65" }],
      dns: { nameservers: ["10.67.0.53"], domain: "car", search: ["car.example"] },
    });
    expect(host.ip("a", "route", "show", "default")).toContain("via 10.67.0.65");
    // A repeated ADD knows the router from the ledger.
    expect((await host.call({ verb: "ADD", pod: "a" })).json).toMatchObject({ ips: [{ gateway: "10.67.0.65" }] });
  });

  test("takes the hardware address and a router from CNI_ARGS", async () => {
    const run = await host.call({ verb: "ADD", pod: "a", args: "IP=10.67.0.33;MAC=02:00:00:00:0b:0b;GATEWAY=10.67.0.254" });
    expect([run.json.details, addressesOf(run)]).toEqual([undefined, ["10.67.0.33/24"]]);
    expect(host.ip("a", "link", "show", "eth0")).toContain("02:00:00:00:0b:0b");
    expect(host.ip("a", "route", "show", "default")).toContain("via 10.67.0.254");
  });

  test("behind another plugin passes on what that one made", async () => {
    const prevResult = {
      cniVersion: "1.0.0",
      interfaces: [{ name: "lo", sandbox: "/x" }],
      ips: [{ address: "192.0.2.9/24", interface: 0 }],
      routes: [{ dst: "192.0.2.0/24" }],
      dns: { nameservers: ["192.0.2.53"] },
    };
    const run = await host.call({ verb: "ADD", pod: "a", config: { cniVersion: "1.0.0", prevResult } });
    expect(run.json).toMatchObject({
      interfaces: [{ name: "lo", sandbox: "/x" }, { name: "front" }, {}, { name: "eth0" }],
      ips: [
        { address: "192.0.2.9/24", interface: 0 },
        { address: "10.67.0.2/24", interface: 3 },
      ],
      routes: [{ dst: "192.0.2.0/24" }, { dst: "0.0.0.0/0" }, { dst: "224.0.0.0/4" }],
      dns: { nameservers: ["192.0.2.53"] },
    });
    expect((await host.call({ verb: "CHECK", pod: "a", config: { cniVersion: "1.0.0", prevResult: run.json } })).stdout).toBe("");
  });

  test("on a static bridge wants an address of the pod, inside the subnet", async () => {
    const none = await host.call({ verb: "ADD", pod: "a", config: annotated({ "pharos.io/bridge": "fixed" }) });
    expect(none.json).toMatchObject({ code: 7, msg: expect.stringContaining("pharos.io/ip") });
    const outside = await host.call({
      verb: "ADD",
      pod: "a",
      config: annotated({ "pharos.io/bridge": "fixed", "pharos.io/ip": "10.99.0.5" }),
    });
    expect(outside.json).toMatchObject({ code: 7, msg: expect.stringContaining("10.99.0.5 is outside 10.68.0.0/24") });
    expect([host.podLinks(), readLedger(host.stateDir)]).toEqual([[], []]);
    const run = await host.call({
      verb: "ADD",
      pod: "a",
      config: annotated({ "pharos.io/bridge": "fixed", "pharos.io/ip": "10.68.0.77" }),
    });
    expect(addressesOf(run)).toEqual(["10.68.0.77/24"]);
    host.exec("a", "ping", "-c1", "-W2", "10.68.0.1");
  });

  test("on a bridge that isolates its pods they reach the gateway, not each other", async () => {
    for (const pod of ["a", "b"]) await host.call({ verb: "ADD", pod, config: annotated({ "pharos.io/bridge": "apart" }) });
    host.exec("a", "ping", "-c1", "-W2", "10.69.0.1");
    expect(() => host.exec("a", "ping", "-c1", "-W1", "10.69.0.3")).toThrow();
  });

  test("attaches a pod that names no bridge as the agent's pending request says", async () => {
    const dataFile = join(host.folder, "cni.json");
    writeFileSync(dataFile, JSON.stringify(DATA));
    mkdirSync(join(host.folder, "requests/default"), { recursive: true });
    writeFileSync(join(host.folder, "requests/default/camera.json"), JSON.stringify({ version: 1, bridge: "apart,front" }));
    const config = { pharos: undefined, dataFile };
    const args = "K8S_POD_NAMESPACE=default;K8S_POD_NAME=camera";
    const run = await host.call({ verb: "ADD", pod: "a", args, config });
    expect(addressesOf(run)).toEqual(["10.69.0.2/24", "10.67.0.2/24"]);
    const named = await host.call({ verb: "ADD", pod: "b", args, config: { ...config, ...annotated({ "pharos.io/bridge": "front" }) } });
    expect(addressesOf(named)).toEqual(["10.67.0.3/24"]);
    writeFileSync(join(host.folder, "requests/default/camera.json"), "{");
    await host.call({ verb: "DEL", pod: "b", config });
    expect((await host.call({ verb: "ADD", pod: "b", args, config })).json).toMatchObject({
      code: 6,
      msg: expect.stringContaining("camera.json"),
    });
  });
});

describe("as the plugin loopback", () => {
  const call = (verb: string, more: object = {}) =>
    host.call({ verb, pod: "a", ifname: "lo", config: { type: "loopback", name: "lo", pharos: undefined, ...more } });

  test.each(["0.3.1", "1.1.0"])("ADD sets it up and answers in version %s, CHECK sees it, DEL sets it down", async (cniVersion) => {
    const run = await call("ADD", { cniVersion });
    expect(run.json).toMatchObject({
      cniVersion,
      interfaces: [{ name: "lo", mac: "00:00:00:00:00:00", sandbox: expect.stringContaining("-a") }],
      ips: [
        { ...(cniVersion === "0.3.1" ? { version: "4" } : {}), address: "127.0.0.1/8", interface: 0 },
        { address: "::1/128", interface: 0 },
      ],
    });
    if (cniVersion === "1.1.0") expect((await call("CHECK")).stdout).toBe("");
    expect((await call("DEL", { cniVersion })).stdout).toBe("");
    expect(host.ip("a", "-br", "link", "show", "lo")).toContain("DOWN");
    if (cniVersion === "1.1.0") expect((await call("CHECK")).json).toMatchObject({ code: 103 });
    expect([host.podLinks(), readLedger(host.stateDir)]).toEqual([[], []]);
  });
});
