import { describe, expect, test } from "@jest/globals";
import { hasCode } from "@pharos/base/errors";
import fc from "fast-check";
import { DHCP_MALFORMED } from "./codes.ts";
import { decodeMessage } from "./decode-message.ts";
import { encodeMessage } from "./encode-message.ts";
import { type DhcpMessage, type DhcpOptions, MESSAGE_TYPES } from "./message.ts";
import { networkAddress } from "./route-options.ts";

const byte = fc.integer({ min: 0, max: 255 });
const address = fc.tuple(byte, byte, byte, byte).map((parts) => parts.join("."));
const mac = fc
  .uint8Array({ minLength: 6, maxLength: 6 })
  .map((bytes) => [...bytes].map((one) => one.toString(16).padStart(2, "0")).join(":"));
const word = fc.integer({ min: 0, max: 0xffff_ffff });
const label = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/);
const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join("."));
const route = fc
  .record({ at: address, length: fc.integer({ min: 0, max: 32 }), gw: fc.option(address.filter((text) => text !== "0.0.0.0")) })
  .map(({ at, length, gw }) => ({ dst: `${networkAddress(at, length)}/${length}`, ...(gw === null ? {} : { gw }) }));
const options: fc.Arbitrary<DhcpOptions> = fc.record(
  {
    prefixLength: fc.integer({ min: 0, max: 32 }),
    routers: fc.array(address, { minLength: 1, maxLength: 80 }),
    nameservers: fc.array(address, { minLength: 1, maxLength: 3 }),
    hostName: label,
    domainName: name,
    mtu: fc.integer({ min: 68, max: 65535 }),
    requestedAddress: address,
    leaseSeconds: word,
    serverId: address,
    parameters: fc.array(byte, { minLength: 1, maxLength: 20 }),
    message: fc.stringMatching(/^[ -~]{1,200}$/),
    renewSeconds: word,
    rebindSeconds: word,
    clientId: fc.uint8Array({ minLength: 2, maxLength: 300 }),
    domainSearch: fc.array(name, { minLength: 1, maxLength: 8 }),
    classlessRoutes: fc.array(route, { minLength: 1, maxLength: 40 }),
  },
  { requiredKeys: [] },
);
const message: fc.Arbitrary<DhcpMessage> = fc.record({
  op: fc.constantFrom("request", "reply"),
  type: fc.constantFrom(...MESSAGE_TYPES),
  xid: word,
  secs: fc.integer({ min: 0, max: 0xffff }),
  broadcast: fc.boolean(),
  ciaddr: address,
  yiaddr: address,
  siaddr: address,
  giaddr: address,
  chaddr: mac,
  options,
});

const discover: DhcpMessage = {
  op: "request",
  type: "discover",
  xid: 0x1234_5678,
  secs: 3,
  broadcast: true,
  ciaddr: "0.0.0.0",
  yiaddr: "0.0.0.0",
  siaddr: "0.0.0.0",
  giaddr: "0.0.0.0",
  chaddr: "02:00:00:00:00:01",
  options: {},
};

/** The bytes of a discover whose options are these, as hex. */
function withOptions(hex: string): Uint8Array {
  const bytes = encodeMessage(discover).slice(0, 240);
  return Uint8Array.from([...bytes, ...Buffer.from(hex.replaceAll(" ", ""), "hex")]);
}

describe("a DHCP message", () => {
  test("comes back from its bytes as it was", () => {
    fc.assert(
      fc.property(message, (one) => {
        expect(decodeMessage(encodeMessage(one))).toEqual(one);
      }),
    );
  });

  test("has at least the 300 bytes that relays expect, header fields where RFC 2131 has them", () => {
    const bytes = Buffer.from(encodeMessage(discover));
    expect(bytes.length).toBe(300);
    expect(bytes.subarray(0, 12).toString("hex")).toBe("010106001234567800038000");
    expect(bytes.subarray(236, 244).toString("hex")).toBe("63825363350101ff");
  });

  test("is read or refused with PHAROS-2300, whatever the bytes are", () => {
    const flipped = fc.tuple(message, fc.array(fc.tuple(fc.nat(2000), byte), { maxLength: 20 })).map(([one, flips]) => {
      const bytes = encodeMessage(one);
      for (const [at, value] of flips) bytes[at % bytes.length] = value;
      return bytes;
    });
    const cut = fc.tuple(flipped, fc.nat(2000)).map(([bytes, length]) => bytes.subarray(0, length % (bytes.length + 1)));
    fc.assert(
      fc.property(fc.oneof(flipped, cut, fc.uint8Array({ maxLength: 600 })), (bytes) => {
        try {
          expect(MESSAGE_TYPES).toContain(decodeMessage(bytes).type);
        } catch (error) {
          expect(hasCode(error, DHCP_MALFORMED)).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("of 64 KiB of empty options is read in no noticeable time", () => {
    const bytes = withOptions(`350101${"0c00".repeat(32_000)}`);
    expect(decodeMessage(bytes).type).toBe("discover");
  });
});

describe("options", () => {
  test("are read from the fields file and sname where the overload option says so, file first", () => {
    const bytes = withOptions("350102 340103 0f0161 ff");
    bytes.set(Buffer.from("0f0162ff", "hex"), 108);
    bytes.set(Buffer.from("0f0163ff", "hex"), 44);
    expect(decodeMessage(bytes).options).toEqual({ domainName: "abc" });
  });

  test("of one code are joined before they are read", () => {
    expect(decodeMessage(withOptions("350102 0302 0a00 0302 0001 ff")).options).toEqual({ routers: ["10.0.0.1"] });
  });

  test("that lead beyond the end are left out with all behind them", () => {
    expect(decodeMessage(withOptions("350102 010400ff")).options).toEqual({});
  });

  test.each([
    ["a mask with a hole", "0104 ff00ff00"],
    ["a lease time of three bytes", "3303 000001"],
    ["half an address of a router", "0306 0a0000010a00"],
    ["an MTU below the smallest of IPv4", "1a02 0010"],
    ["a host name with a line feed", "0c03 610a62"],
    ["a classless route of length 33", "7906 210a00000001"],
    ["a classless route that is cut", "7904 180a0000"],
    ["a domain whose pointer leads to itself", "7702 c000"],
    ["a domain without an end", "7704 03616263"],
    ["a client id of one byte", "3d01 00"],
  ])("with %s are left out, and the others stay", (_, hex) => {
    expect(decodeMessage(withOptions(`350102 ${hex} 3604 0a000001 ff`)).options).toEqual({ serverId: "10.0.0.1" });
  });

  test("of static routes get the length of their class, and the default route among them is left out", () => {
    const hex = "2120 0a000000 0a000001 c0a80100 0a000001 c0a80101 0a000001 00000000 0a000001";
    expect(decodeMessage(withOptions(`350102 ${hex} ff`)).options.staticRoutes).toEqual([
      { dst: "10.0.0.0/8", gw: "10.0.0.1" },
      { dst: "192.168.1.0/24", gw: "10.0.0.1" },
      { dst: "192.168.1.1/32", gw: "10.0.0.1" },
    ]);
  });

  test("of the domain search list follow pointers backwards (the example of RFC 3397)", () => {
    const hex = "771b 03656e67 056170706c65 03636f6d 00 096d61726b6574696e67 c004";
    expect(decodeMessage(withOptions(`350102 ${hex} ff`)).options.domainSearch).toEqual(["eng.apple.com", "marketing.apple.com"]);
  });
});
