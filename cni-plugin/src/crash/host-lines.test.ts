import { describe, expect, test } from "@jest/globals";
import { differencesOf, linkLines, nftLines, qdiscLines, renamed, routeLines } from "./host-lines.ts";

describe("a host as lines", () => {
  test("names links with all that the plugin sets, and addresses but the link-local ones", () => {
    expect(
      linkLines([
        { ifname: "lo", flags: ["LOOPBACK", "UP"], mtu: 65536 },
        {
          ifname: "pv1",
          flags: ["UP"],
          mtu: 1400,
          master: "podBr0",
          ifalias: "pharos-pod:a:eth0",
          linkinfo: { info_kind: "veth", info_slave_data: { hairpin: true, isolated: true } },
          addr_info: [
            { local: "fe80::1", prefixlen: 64, scope: "link" },
            { local: "10.0.0.1", prefixlen: 24, scope: "global" },
          ],
        },
        { ifname: "br0", flags: [], mtu: 1500 },
      ]),
    ).toEqual([
      "link pv1 veth up hairpin isolated mtu 1400 master podBr0 pharos-pod:a:eth0",
      "address pv1 10.0.0.1/24",
      "link br0 down mtu 1500",
    ]);
  });

  test("names unicast routes of the main table", () => {
    const routes = [
      { type: "unicast", dst: "default", gateway: "10.0.0.1", dev: "eth0", table: "main" },
      { type: "local", dst: "10.0.0.2", dev: "eth0", table: "local" },
      { dst: "fd00::/64", dev: "eth0" },
      { dst: "fe80::/64", dev: "eth0" },
      { type: "multicast", dst: "ff00::/8", dev: "eth0", table: "local" },
    ];
    expect(routeLines(routes)).toEqual(["route default via 10.0.0.1 eth0", "route fd00::/64 eth0"]);
  });

  test("names qdiscs with their limits, and nft objects one by one", () => {
    expect(
      qdiscLines([
        { kind: "noqueue", dev: "br0" },
        { kind: "tbf", dev: "pv1", options: { rate: 125000, burst: 1600 } },
      ]),
    ).toEqual(["qdisc pv1 tbf rate 125000 burst 1600"]);
    expect(
      nftLines({
        nftables: [
          { chain: { table: "t", name: "c" } },
          { rule: { table: "t", chain: "c", expr: [{ return: null }] } },
          { set: { table: "t", name: "empty" } },
          { map: { table: "t", name: "m", elem: [["a", "b"], "c"] } },
        ],
      }),
    ).toEqual(["chain t c", 'rule t c [{"return":null}]', 'element t m ["a","b"]', 'element t m "c"']);
  });
});

describe("differencesOf", () => {
  test("counts equal lines, so that a doubled one is a difference", () => {
    expect(differencesOf(["a", "b", "b"], ["b", "b", "b", "c"])).toEqual({ added: ["b", "c"], lost: ["a"] });
  });
});

describe("renamed", () => {
  test("replaces whole addresses only", () => {
    const names = new Map([
      ["10.9.0.3", "<v4>"],
      ["fd09::3", "<v6>"],
    ]);
    const lines = ["x:02bf8972c087:10.9.0.3/24,fd09::3/64", "10.9.0.31 110.9.0.3 10.9.0.3", "fd09::31 fd09::3:1"];
    expect(renamed(lines, names)).toEqual(["10.9.0.31 110.9.0.3 <v4>", "fd09::31 fd09::3:1", "x:02bf8972c087:<v4>/24,<v6>/64"]);
  });

  test("without names only sorts", () => {
    expect(renamed(["b", "a"], new Map())).toEqual(["a", "b"]);
  });
});
