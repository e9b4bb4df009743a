import { constants } from "node:os";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { decodeAddress, encodeAddressAdd, encodeAddressDelete } from "./address-message.ts";
import { NLM_F, NLMSG, PHAROS_PROTOCOL } from "./constants.ts";
import { encodeLinkChange, encodeLinkCreate, encodeLinkDelete } from "./link-message.ts";
import { decodeLink } from "./link-record.ts";
import {
  attribute,
  attributesOf,
  batchOf,
  errnoOf,
  message,
  messagesOf,
  type NetlinkMessage,
  text,
  textOf,
  u16be,
  u32,
  u32Of,
} from "./message.ts";
import { errnoName } from "./netlink-error.ts";
import { decodeRoute, encodeRouteDelete, encodeRouteReplace } from "./route-message.ts";
import { decodeRule, encodeRuleAdd } from "./rule-message.ts";

/** Little-endian, as on all hosts that we run on. */
const GOLDEN = {
  bridge: [
    "60000000 10000106 00000000 00000000 00000000 00000000 01000000 01000000",
    "08000300 62723000 0a000100 02000000 00010000 2c001280 0b000100 62726964",
    "67650000 1c000280 05001700 00000000 05002400 01000000 05002500 01000000",
  ].join("\n"),
  veth: [
    "70000000 10000106 00000000 00000000 00000000 00000000 01000000 01000000",
    "0a000300 76657468 30000000 08000a00 07000000 3c001280 09000100 76657468",
    "00000000 2c000280 28000180 00000000 00000000 00000000 00000000 09000300",
    "65746830 00000000 08001c00 15000000",
  ].join("\n"),
  vxlan: [
    "64000000 10000106 00000000 00000000 00000000 00000000 00000000 00000000",
    "08000300 76783000 3c001280 0a000100 76786c61 6e000000 2c000280 08000100",
    "2a000000 08000200 0a000002 08000400 0a000001 06000f00 12b50000 05000700",
    "00000000",
  ].join("\n"),
  macvlan: [
    "4c000000 10000106 00000000 00000000 00000000 00000000 00000000 00000000",
    "08000300 6d763000 08000500 03000000 1c001280 0c000100 6d616376 6c616e00",
    "0c000280 08000100 04000000",
  ].join("\n"),
  change: [
    "3c000000 10000100 00000000 00000000 00000000 05000000 00000000 00000000",
    "08000400 78050000 08000a00 00000000 0a001400 70686172 6f730000",
  ].join("\n"),
  delete: ["20000000 11000100 00000000 00000000 00000000 05000000 00000000 00000000"].join("\n"),
  address: [
    "38000000 14000106 00000000 00000000 02180000 05000000 08000200 0a010002",
    "08000100 0a010002 05000b00 50000000 08000400 0a0100ff",
  ].join("\n"),
  addressDelete: [
    "40000000 15000100 00000000 00000000 0a400000 05000000 14000200 fd000000",
    "00000000 00000000 00000001 14000100 fd000000 00000000 00000000 00000001",
  ].join("\n"),
  route: [
    "50000000 18000105 00000000 00000000 02100000 fe500001 00000000 08000f00",
    "fe000000 08000100 0a020000 08000600 05000000 08000500 0a010009 08000400",
    "05000000 0c000880 08000200 78050000",
  ].join("\n"),
  routeDelete: ["24000000 19000100 00000000 00000000 02000000 0050ff06 00000000 08000f00", "e8030000"].join("\n"),
  rule: [
    "54000000 20000106 00000000 00000000 02000800 64000001 00000000 08000f00",
    "64000000 08000600 204e0000 05001500 50000000 08000200 0a000000 08000300",
    "62723000 08000a00 01000000 08001000 ff000000",
  ].join("\n"),
};

/** Words of four bytes, eight on a line. */
function hex(bytes: Uint8Array): string {
  const words =
    Buffer.from(bytes)
      .toString("hex")
      .match(/.{1,8}/g) ?? [];
  const lines: string[] = [];
  for (let at = 0; at < words.length; at += 8) lines.push(words.slice(at, at + 8).join(" "));
  return lines.join("\n");
}

function only(encoded: Uint8Array): NetlinkMessage {
  const [first, ...rest] = messagesOf(Buffer.from(encoded));
  if (first === undefined || rest.length > 0) throw new Error("not one message");
  return first;
}

describe("netlink messages", () => {
  test("a bridge is created with its own netfilter flags", () => {
    const kind = { kind: "bridge", callIptables: true, callIp6tables: true, multicastSnooping: false } as const;
    expect(hex(encodeLinkCreate({ name: "br0", mac: "02:00:00:00:00:01", up: true }, kind))).toBe(GOLDEN.bridge);
  });

  test("a veth's peer is born in another namespace", () => {
    expect(hex(encodeLinkCreate({ name: "veth0", up: true, master: 7 }, { kind: "veth", peer: { name: "eth0", namespaceFd: 21 } }))).toBe(
      GOLDEN.veth,
    );
  });

  test("a vxlan carries its port in network order", () => {
    const kind = { kind: "vxlan", vni: 42, local: "10.0.0.1", remote: "10.0.0.2", port: 4789, learning: false } as const;
    expect(hex(encodeLinkCreate({ name: "vx0" }, kind))).toBe(GOLDEN.vxlan);
  });

  test("a macvlan names its parent and its mode", () => {
    expect(hex(encodeLinkCreate({ name: "mv0", parent: 3 }, { kind: "macvlan", mode: "bridge" }))).toBe(GOLDEN.macvlan);
  });

  test("a change and a deletion find the link by index", () => {
    expect(hex(encodeLinkChange({ index: 5, master: 0, mtu: 1400, alias: "pharos" }))).toBe(GOLDEN.change);
    expect(hex(encodeLinkDelete({ index: 5 }))).toBe(GOLDEN.delete);
  });

  test("an address is marked, and has its broadcast address", () => {
    expect(hex(encodeAddressAdd({ index: 5, address: "10.1.0.2/24", protocol: PHAROS_PROTOCOL }))).toBe(GOLDEN.address);
    expect(hex(encodeAddressDelete({ index: 5, address: "fd00::1/64" }))).toBe(GOLDEN.addressDelete);
  });

  test("a route is marked, and deleted whatever its scope is", () => {
    const route = {
      destination: "10.2.0.0/16",
      table: 254,
      metric: 5,
      type: "unicast",
      gateway: "10.1.0.9",
      index: 5,
      mtu: 1400,
      protocol: 80,
    } as const;
    expect(hex(encodeRouteReplace(route))).toBe(GOLDEN.route);
    expect(hex(encodeRouteDelete({ destination: "0.0.0.0/0", table: 1000, metric: 0, type: "blackhole", protocol: 80 }))).toBe(
      GOLDEN.routeDelete,
    );
  });

  test("a policy rule is marked", () => {
    const rule = { family: "ipv4", priority: 20000, from: "10.0.0.0/8", iif: "br0", mark: 1, mask: 255, table: 100, protocol: 80 } as const;
    expect(hex(encodeRuleAdd(rule))).toBe(GOLDEN.rule);
    expect(decodeRule(only(encodeRuleAdd(rule)))).toEqual(rule);
  });

  test("what is encoded can be decoded", () => {
    const kind = { kind: "vxlan", vni: 42, remote: "fd09::1", port: 4789, learning: true } as const;
    expect(decodeLink(only(encodeLinkCreate({ name: "vx0", index: 9, mtu: 1400, up: true, master: 3 }, kind)))).toEqual({
      index: 9,
      name: "vx0",
      up: true,
      mtu: 1400,
      master: 3,
      parentElsewhere: false,
      kind: "vxlan",
      vxlan: { vni: 42, remote: "fd09::1", port: 4789, learning: true },
    });
    expect(decodeAddress(only(encodeAddressAdd({ index: 5, address: "fd00::1/64", protocol: 80 })))).toEqual({
      index: 5,
      address: "fd00::1/64",
      protocol: 80,
      secondary: false,
      scope: "global",
    });
    const route = {
      destination: "fd00::/48",
      table: 1000,
      metric: 1024,
      type: "unicast",
      gateway: "fd01::1",
      index: 5,
      protocol: 80,
    } as const;
    expect(decodeRoute(only(encodeRouteReplace(route)))).toEqual({ ...route, family: "ipv6", scope: "global", cloned: false });
  });

  test("a decoder answers undefined to the message of another kind", () => {
    const other = only(encodeLinkDelete({ index: 1 }));
    expect([decodeAddress(other), decodeRoute(other), decodeRule(other)]).toEqual([undefined, undefined, undefined]);
  });

  test("an acknowledgement tells its error number", () => {
    const answer = (type: number, payload: Buffer): number | undefined => errnoOf(only(message(type, 0, [payload])));
    const minus17 = Buffer.alloc(4);
    minus17.writeInt32LE(-17);
    expect([
      answer(NLMSG.ERROR, minus17),
      answer(NLMSG.ERROR, Buffer.alloc(4)),
      answer(NLMSG.DONE, Buffer.alloc(0)),
      answer(16, minus17),
    ]).toEqual([17, 0, 0, undefined]);
  });

  test("stamping sets the sequence number and adds flags", () => {
    expect(only(batchOf([{ bytes: encodeLinkDelete({ index: 1 }), flags: NLM_F.ACK }], 77))).toMatchObject({
      sequence: 77,
      flags: NLM_F.REQUEST | NLM_F.ACK,
    });
  });

  test("attributes of any length come back", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 100 }), fc.uint8Array({ maxLength: 9 }))), (all) => {
        const bytes = Buffer.concat(all.map(([type, payload]) => attribute(type, Buffer.from(payload))));
        const found = attributesOf(bytes);
        const last = new Map(all.map(([type, payload]) => [type, Buffer.from(payload)]));
        for (let type = 1; type <= 100; type++) expect([found.has(type), found.get(type)]).toEqual([last.has(type), last.get(type)]);
      }),
    );
    const attributes = attributesOf(Buffer.concat([text(1, "ä"), u32(2, 0xfffffffe), u16be(3, 4789)]));
    expect([textOf(attributes, 1), u32Of(attributes, 2), attributes.get(3)]).toEqual(["ä", 0xfffffffe, Buffer.from([0x12, 0xb5])]);
  });

  test("any bytes are messages or a RangeError, never anything else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          for (const one of messagesOf(Buffer.from(bytes))) expect(one.body.length).toBeLessThan(200);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});

test("names of common errors are the machine's", () => {
  for (const name of ["ENOENT", "EEXIST", "ENODEV", "EINVAL", "EAFNOSUPPORT", "EOPNOTSUPP", "EPERM"] as const)
    expect(errnoName(constants.errno[name])).toBe(name);
});
