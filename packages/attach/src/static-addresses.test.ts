import { describe, expect, test } from "@jest/globals";
import type { PodBridge } from "@pharos/hoststate";
import { readRequestedAddresses } from "./requested-addresses.ts";
import { staticAddresses } from "./static-addresses.ts";

const BRIDGE: PodBridge = {
  name: "net0",
  isGateway: true,
  ipMasq: false,
  ipam: "static",
  ranges: [
    {
      subnet: "10.2.0.0/16",
      block: "10.2.1.0/24",
      rangeStart: "10.2.1.2",
      rangeEnd: "10.2.1.9",
      gateway: "10.2.1.1",
      exclude: ["10.2.1.4"],
    },
    { subnet: "fd00::/64", block: "fd00::/64", rangeStart: "fd00::2", rangeEnd: "fd00::9", exclude: [] },
  ],
  routes: [],
};
const choose = (texts: string[], bridge: PodBridge = BRIDGE) =>
  staticAddresses(bridge, readRequestedAddresses(texts, "pharos.io/ip"), new Set(["10.2.1.7"]));

describe("staticAddresses", () => {
  test("takes what the pod names, with the length of the subnet, also outside this host's block", () => {
    expect(choose(["10.2.9.9", "fd00::7"])).toEqual([{ address: "10.2.9.9/16", gateway: "10.2.1.1" }, { address: "fd00::7/64" }]);
  });

  test("takes the pod's own length where the bridge has no subnet", () => {
    expect(choose(["192.0.2.7/28"], { ...BRIDGE, ranges: [] })).toEqual([{ address: "192.0.2.7/28" }]);
  });

  test.each([
    ["no address", [], "PHAROS-2201", /names none/],
    ["one outside the subnets", ["10.3.0.1"], "PHAROS-2207", /pharos\.io\/ip: 10\.3\.0\.1 is outside 10\.2\.0\.0\/16, fd00::\/64/],
    ["the gateway", ["10.2.1.1"], "PHAROS-2207", /reserved/],
    ["an excluded one", ["10.2.1.4"], "PHAROS-2207", /reserved/],
    ["the broadcast address", ["10.2.255.255"], "PHAROS-2207", /reserved/],
    ["one that another pod holds", ["10.2.1.7"], "PHAROS-2206", /held by another pod/],
  ])("refuses %s", (_what, texts, code, message) => {
    expect(() => choose(texts)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
  });

  test("refuses an address without length where the bridge has no subnet", () => {
    expect(() => choose(["10.2.1.5"], { ...BRIDGE, ranges: [] })).toThrow(/needs a prefix length/);
  });
});
