import { describe, expect, test } from "@jest/globals";
import { formatIp, type PodRange } from "@pharos/hoststate";
import { readDns } from "./dns.ts";
import { readGateways, withRequestedGateways } from "./gateways.ts";
import { readIpRanges, requireInside, withinSpans } from "./ip-ranges.ts";
import { afterPrevious, readPreviousResult } from "./previous-result.ts";
import type { CniResult } from "./result.ts";

const RANGES: readonly PodRange[] = [
  { subnet: "10.2.0.0/16", block: "10.2.1.0/24", rangeStart: "10.2.1.10", rangeEnd: "10.2.1.20", gateway: "10.2.1.1", exclude: [] },
  { subnet: "fd00::/64", block: "fd00::/64", rangeStart: "fd00::2", rangeEnd: "fd00::9", exclude: [] },
];
const cut = (value: unknown) => withinSpans(RANGES, readIpRanges(value)).map(({ rangeStart, rangeEnd }) => `${rangeStart} ${rangeEnd}`);

describe("ipRanges", () => {
  test("cut the bridge's ranges, in this host's block, for the families that they name", () => {
    expect(cut(undefined)).toEqual(["10.2.1.10 10.2.1.20", "fd00::2 fd00::9"]);
    expect(cut([[{ subnet: "10.2.1.0/28" }, { subnet: "10.2.0.0/16", rangeStart: "10.2.1.200", rangeEnd: "10.2.2.9" }]])).toEqual([
      "10.2.1.0 10.2.1.15",
      "10.2.1.200 10.2.1.255",
    ]);
    expect(cut([[{ subnet: "10.2.1.64/30" }], [{ subnet: "fd00::/64", rangeStart: "fd00::100" }]])).toEqual([
      "10.2.1.64 10.2.1.67",
      "fd00::100 fd00::ffff:ffff:ffff:ffff",
    ]);
  });

  test.each([
    ["a range that is none", [[{}]], "runtimeConfig.ipRanges[0][0].subnet"],
    ["a list that is none", [{ subnet: "10.2.1.0/28" }], "runtimeConfig.ipRanges[0] is not a list"],
    ["a start outside its subnet", [[{ subnet: "10.2.1.0/28", rangeStart: "10.2.1.16" }]], "ipRanges[0][0].rangeStart"],
    ["an end before the start", [[{ subnet: "10.2.1.0/28", rangeStart: "10.2.1.9", rangeEnd: "10.2.1.8" }]], "before its rangeStart"],
    ["a gateway outside its subnet", [[{ subnet: "10.2.1.0/28", gateway: "10.2.1.99" }]], "ipRanges[0][0].gateway"],
    ["ranges of other hosts only", [[{ subnet: "10.2.9.0/24" }]], "outside this host's blocks: 10.2.1.0/24, fd00::/64"],
  ])("refuse %s and name it", (_what, value, message) => {
    expect(() => cut(value)).toThrow(message);
  });

  test("bound fixed addresses too", () => {
    const spans = readIpRanges([[{ subnet: "10.2.1.0/28" }]]);
    expect(spans.map(({ first, last }) => [formatIp(first), formatIp(last)])).toEqual([["10.2.1.0", "10.2.1.15"]]);
    expect(() => requireInside(spans, { address: "10.2.1.5", path: "x" })).not.toThrow();
    expect(() => requireInside(spans, { address: "10.2.1.16", path: "runtimeConfig.ips" })).toThrow(
      "runtimeConfig.ips: 10.2.1.16 lies in none",
    );
    expect(() => requireInside([], { address: "10.2.1.16", path: "x" })).not.toThrow();
  });
});

describe("gateways", () => {
  const addresses = [{ address: "10.2.1.5/24", gateway: "10.2.1.1" }, { address: "fd00::5/64" }];

  test("take the place of the bridge's, for their family", () => {
    expect(withRequestedGateways(addresses, readGateways(["10.2.1.254"]))).toEqual([
      { address: "10.2.1.5/24", gateway: "10.2.1.254" },
      { address: "fd00::5/64" },
    ]);
  });

  test.each(["10.9.9.9", "10.2.1.5", "fd01::1"])("%s, which is no neighbour of the pod, is refused", (gateway) => {
    expect(() => withRequestedGateways(addresses, readGateways([gateway]))).toThrow(/in the subnet of no address/);
  });

  test("that are no addresses are the runtime's fault", () => {
    expect(() => readGateways(["x"])).toThrow(expect.objectContaining({ code: "PHAROS-2202" }));
  });
});

describe("dns", () => {
  test("of the capability counts before that of the configuration, field by field", () => {
    const dns = { nameservers: ["10.0.0.1"], domain: "car", search: ["a"], options: ["ndots:5"] };
    expect(readDns({ dns })).toEqual(dns);
    expect(readDns({ dns, runtimeConfig: { dns: { servers: ["FD00:0::1"], searches: ["b", "c"] } } })).toEqual({
      nameservers: ["fd00::1"],
      domain: "car",
      search: ["b", "c"],
      options: ["ndots:5"],
    });
    expect(readDns({ runtimeConfig: { dns: {} } })).toEqual({});
  });

  test.each([
    [{ dns: { nameservers: ["x"] } }, "dns.nameservers[0]"],
    [{ runtimeConfig: { dns: { servers: ["1.1.1.1", 7] } } }, "runtimeConfig.dns.servers[1]"],
    [{ runtimeConfig: { dns: [] } }, "runtimeConfig.dns is not an object"],
    [{ dns: { search: "a" } }, "dns.search is not a list"],
  ])("%j is refused by its path", (config, path) => {
    expect(() => readDns(config)).toThrow(path);
  });
});

describe("a previous result", () => {
  const own: CniResult = {
    cniVersion: "1.0.0",
    interfaces: [{ name: "eth0", mac: "02:00:00:00:00:01", sandbox: "/n" }],
    ips: [{ address: "10.2.1.5/24", interface: 0 }],
    routes: [{ dst: "0.0.0.0/0" }],
    dns: {},
  };

  test("comes first, and indexes of interfaces still agree", () => {
    const previous = readPreviousResult({
      interfaces: [{ name: "first", custom: 1 }, { name: "second" }],
      ips: [{ address: "192.0.2.1/24", interface: 1 }, { address: "192.0.2.2/24" }],
      routes: [{ dst: "192.0.2.0/24" }],
      dns: { nameservers: ["192.0.2.9"] },
    });
    expect(afterPrevious(own, previous)).toEqual({
      cniVersion: "1.0.0",
      interfaces: [{ name: "first", custom: 1 }, { name: "second" }, { name: "eth0", mac: "02:00:00:00:00:01", sandbox: "/n" }],
      ips: [{ address: "192.0.2.1/24", interface: 1 }, { address: "192.0.2.2/24" }, { address: "10.2.1.5/24", interface: 2 }],
      routes: [{ dst: "192.0.2.0/24" }, { dst: "0.0.0.0/0" }],
      dns: { nameservers: ["192.0.2.9"] },
    });
    expect(afterPrevious(own, readPreviousResult(undefined))).toBe(own);
  });

  test.each([
    [[], "prevResult is not an object"],
    [{ interfaces: {} }, "prevResult.interfaces is not a list"],
    [{ ips: [{ address: 7 }] }, "prevResult.ips[0].address"],
    [{ ips: [{ address: "x", interface: 0 }] }, "prevResult.ips[0].interface"],
    [{ routes: ["x"] }, "prevResult.routes[0] is not an object"],
  ])("%j is refused by its path", (value, path) => {
    expect(() => readPreviousResult(value)).toThrow(path);
  });
});
