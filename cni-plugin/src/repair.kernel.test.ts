import { describe, expect, test } from "@jest/globals";
import { readLedger } from "@pharos/ledger";
import type { PluginRun, TestHost } from "./plugin-harness.ts";
import { testHosts } from "./test-hosts.ts";
import { bridgeOf, networkOf, rangeOf } from "./test-network.ts";

const RANGES = [rangeOf("10.64.0.0/24", "9"), rangeOf("fd64::/64", "9")];
const DATA = networkOf(bridgeOf("front", RANGES, { ipMasq: true, isolated: true, hairpin: true, mtu: 1400 }));
const CONFIG = {
  runtimeConfig: {
    portMappings: [{ hostPort: 18080, containerPort: 80, protocol: "tcp" }],
    bandwidth: { ingressRate: 8_000_000, egressRate: 16_000_000 },
  },
};

const newHost = testHosts("pcor", DATA);
let host: TestHost;

const end = () => host.podLinks()[0] ?? "";
const shaper = () => end().replace(/^pv/, "pi");
const tc = (...args: string[]) => host.exec("host", "tc", ...args);
const nft = (text: string) => host.exec("host", "nft", text);
const podIndex = () => host.ip("a", "-o", "link", "show", "eth0").split(":")[0];
const check = (prevResult: PluginRun["json"]) => host.call({ verb: "CHECK", pod: "a", config: { ...CONFIG, prevResult } });

async function attached(): Promise<PluginRun> {
  host = newHost("a");
  const run = await host.call({ verb: "ADD", pod: "a", config: CONFIG });
  expect([run.code, run.json.details]).toEqual([0, undefined]);
  return run;
}

/** What was damaged, how, and what CHECK says of it. All of it is mended without the pod's end being made anew. */
const DAMAGES: readonly (readonly [string, () => unknown, RegExp])[] = [
  ["the host's end is down", () => host.ip("host", "link", "set", end(), "down"), /is down/],
  ["the host's end left the bridge", () => host.ip("host", "link", "set", end(), "nomaster"), /not a port of front/],
  ["the mark is gone", () => host.ip("host", "link", "set", end(), "alias", "x"), /has not our mark/],
  ["the host's end has another MTU", () => host.ip("host", "link", "set", end(), "mtu", "1300"), /MTU 1300 instead of 1400/],
  ["the pod's end has another MTU", () => host.ip("a", "link", "set", "eth0", "mtu", "1300"), /eth0 has the MTU 1300/],
  ["hairpin is off", () => host.exec("host", "bridge", "link", "set", "dev", end(), "hairpin", "off"), /flags/],
  ["isolation is off", () => host.exec("host", "bridge", "link", "set", "dev", end(), "isolated", "off"), /flags/],
  ["the pod's end is down", () => host.ip("a", "link", "set", "eth0", "down"), /eth0 is down/],
  ["the pod's loopback is down", () => host.ip("a", "link", "set", "lo", "down"), /loopback is down/],
  ["the hardware address is another", () => host.ip("a", "link", "set", "eth0", "address", "02:00:00:00:00:99"), /hardware address/],
  ["addresses are gone", () => host.ip("a", "address", "flush", "dev", "eth0"), /has not the address 10\.64\.0\.2/],
  ["the IPv6 address is gone", () => host.ip("a", "-6", "address", "del", "fd64::2/64", "dev", "eth0"), /has not the address fd64::2/],
  ["a route is gone", () => host.ip("a", "route", "del", "default"), /route to 0\.0\.0\.0\/0/],
  ["the multicast route is gone", () => host.ip("a", "route", "del", "224.0.0.0/4"), /route to 224\.0\.0\.0\/4/],
  ["a sysctl was changed", () => host.exec("a", "sysctl", "-qw", "net.ipv4.conf.eth0.arp_notify=0"), /arp_notify is not 1/],
  ["the limit of what it receives is gone", () => tc("qdisc", "del", "dev", end(), "root"), /does not limit what the pod receives/],
  ["the limit of what it sends is gone", () => tc("qdisc", "del", "dev", end(), "ingress"), /does not limit what the pod sends/],
  [
    "the limit of what it sends is another",
    () => tc("qdisc", "replace", "dev", shaper(), "root", "tbf", "rate", "1mbit", "burst", "10kb", "latency", "20ms"),
    /limit what the pod sends/,
  ],
  ["the link of the limit is gone", () => host.ip("host", "link", "del", shaper()), /limit what the pod sends/],
  ["its host port is gone", () => nft("flush map inet pharos_pods hostports4"), /hostports4/],
  ["its masquerade is gone", () => nft("flush set inet pharos_pods masquerade4"), /masquerade4/],
  ["a chain of the pods' table was flushed", () => nft("flush chain inet pharos_pods postrouting"), /lost rules/],
  ["the pods' table is gone", () => nft("delete table inet pharos_pods"), /lost rules/],
  ["the bridge is down", () => host.ip("host", "link", "set", "front", "down"), /bridge front is down/],
  [
    "the bridge lost its address",
    () => host.ip("host", "address", "del", "10.64.0.1/24", "dev", "front"),
    /has not the address 10\.64\.0\.1/,
  ],
];

describe("a repeated ADD", () => {
  test.each(DAMAGES)("mends in place, and CHECK tells it: %s", async (_what, damage, says) => {
    const { json } = await attached();
    expect((await check(json)).stdout).toBe("");
    const index = podIndex();
    damage();
    expect((await check(json)).json).toMatchObject({ code: 103, msg: expect.stringMatching(says) });
    // What the request says now does not count.
    expect((await host.call({ verb: "ADD", pod: "a" })).json).toEqual(json);
    expect((await check(json)).stdout).toBe("");
    expect(podIndex()).toBe(index);
    host.exec("a", "ping", "-c1", "-W2", "10.64.0.1");
    host.exec("a", "ping", "-c1", "-W2", "fd64::1");
  });

  test.each([
    ["the pod's end is gone", () => host.ip("a", "link", "del", "eth0")],
    ["the bridge is gone", () => host.ip("host", "link", "del", "front")],
  ])("gives the same addresses again where %s", async (_what, damage) => {
    const { json } = await attached();
    damage();
    const again = await host.call({ verb: "ADD", pod: "a" });
    expect([again.json.details, again.json.ips]).toEqual([undefined, json.ips]);
    expect((await check(again.json)).stdout).toBe("");
    host.exec("a", "ping", "-c1", "-W2", "10.64.0.1");
  });

  test("in another namespace of the same container moves the interface there, and the ledger knows", async () => {
    const { json } = await attached();
    host.addPod("b");
    const netns = `/run/netns/${host.namespaceOf("b")}`;
    const again = await host.call({ verb: "ADD", pod: "a", netns });
    expect([again.json.details, again.json.ips]).toEqual([undefined, json.ips]);
    expect(readLedger(host.stateDir).map((entry) => entry.netns)).toEqual([netns]);
    host.exec("b", "ping", "-c1", "-W2", "10.64.0.1");
    expect(host.ip("a", "-br", "link")).not.toMatch(/eth0/);
  });
});
