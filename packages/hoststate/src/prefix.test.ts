import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { containsIp, firstOf, formatIp, formatPrefix, lastOf, networkOf, overlaps, type Prefix, parseIp, parsePrefix } from "./prefix.ts";

const anyIp = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }).map((value) => ({ family: "ipv4" as const, value })),
  fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map((value) => ({ family: "ipv6" as const, value })),
);
const anyPrefix = anyIp.chain((ip) =>
  fc.integer({ min: 0, max: ip.family === "ipv4" ? 32 : 128 }).map((length): Prefix => ({ ip, length })),
);

describe("prefix", () => {
  test("text and value round-trip", () => {
    fc.assert(fc.property(anyIp, (ip) => expect(parseIp(formatIp(ip))).toEqual(ip)));
    fc.assert(fc.property(anyPrefix, (prefix) => expect(parsePrefix(formatPrefix(prefix))).toEqual(prefix)));
  });

  test("holds its first and last address and overlaps itself", () => {
    fc.assert(
      fc.property(anyPrefix, (prefix) => {
        expect(containsIp(prefix, firstOf(prefix)) && containsIp(prefix, lastOf(prefix))).toBe(true);
        expect(overlaps(prefix, networkOf(prefix))).toBe(true);
      }),
    );
  });

  test.each(["10.1", "10.1.0.256", "010.1.0.1", "fe80::1%eth0", "", "10.0.0.0/33", "a/8", "10.0.0.0/-1", "10.0.0.0/8/8"])(
    "refuses %j",
    (text) => {
      expect(parseIp(text)).toBeUndefined();
      expect(parsePrefix(text)).toBeUndefined();
    },
  );
});
