import { closeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { withNamespace } from "@pharos/kernel/namespace";
import koffi from "koffi";
import { builtPlugin, TestHost } from "./plugin-harness.ts";
import { bridgeOf, networkOf, rangeOf } from "./test-network.ts";

const AF_PACKET = 17;
const SOCK_RAW_NONBLOCK = 3 | 0o4000;
/** ETH_P_ALL in network order. */
const ALL_FRAMES = 0x0300;
const WAIT_MS = 5_000;

const DATA = networkOf(bridgeOf("front", [rangeOf("10.66.0.0/24", "9"), rangeOf("fd66::/64", "9")]));

let host: TestHost;
beforeAll(async () => {
  host = new TestHost(`pcoa${process.pid}`, builtPlugin(), DATA);
  for (const pod of ["a", "b"]) host.addPod(pod);
  await host.call({ verb: "ADD", pod: "b" });
}, 180_000);
afterAll(() => host.remove());

/** Hears every frame in a namespace until it is asked for them. */
function listen(pod: string) {
  const libc = koffi.load(null);
  const socket = libc.func("int socket(int, int, int)");
  const recv = libc.func("int64_t recv(int, void *, size_t, int)");
  const descriptor: number = withNamespace(`/run/netns/${host.namespaceOf(pod)}`, () => socket(AF_PACKET, SOCK_RAW_NONBLOCK, ALL_FRAMES));
  const buffer = Buffer.alloc(1 << 16);
  return {
    frames: () => {
      const heard: string[] = [];
      for (
        let length = Number(recv(descriptor, buffer, buffer.length, 0));
        length > 0;
        length = Number(recv(descriptor, buffer, buffer.length, 0))
      )
        heard.push(buffer.toString("hex", 0, length));
      return heard;
    },
    close: () => closeSync(descriptor),
  };
}

describe("ADD", () => {
  test("tells neighbours the hardware address of its addresses: a gratuitous ARP, and an unsolicited neighbour advertisement", async () => {
    const ear = listen("b");
    try {
      const mac = "020000000a0a";
      const run = await host.call({
        verb: "ADD",
        pod: "a",
        args: "IP=10.66.0.7,fd66::7",
        config: { runtimeConfig: { mac: "02:00:00:00:0a:0a" } },
      });
      expect([run.code, run.json.details]).toEqual([0, undefined]);
      // Address resolution (RFC 826) with the pod's own address as sender and target; neighbour advertisement (RFC 4861) with the override flag.
      const arp = new RegExp(`^ffffffffffff${mac}0806.{12}000[12]${mac}0a420007.{12}0a420007`);
      const advertisement = new RegExp(`${mac}86dd.*88.{6}20000000fd66.{24}00070201${mac}`);
      const heard: string[] = [];
      for (
        const end = Date.now() + WAIT_MS;
        Date.now() < end && !(heard.some((one) => arp.test(one)) && heard.some((one) => advertisement.test(one)));
      ) {
        heard.push(...ear.frames());
        await sleep(20);
      }
      expect([heard.filter((one) => arp.test(one)).length > 0, heard.filter((one) => advertisement.test(one)).length > 0, heard]).toEqual([
        true,
        true,
        heard,
      ]);
    } finally {
      ear.close();
    }
  });

  test("returns with addresses that can be used at once: none is tentative", async () => {
    expect(host.ip("a", "-6", "address", "show", "tentative")).toBe("");
    expect(host.ip("a", "-6", "-br", "address", "show", "dev", "eth0")).toMatch(/fd66::7\/64.*fe80::/);
  });
});
