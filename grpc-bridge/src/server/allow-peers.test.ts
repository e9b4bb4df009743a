import { describe, expect, test } from "@jest/globals";
import { peerRule } from "./allow-peers.ts";

describe("peerRule", () => {
  const allowed = peerRule(["10.1.0.0/24", "192.168.7.1", "fd00::/64"]);
  test.each([
    ["127.0.0.1", true],
    ["127.9.9.9", true],
    ["::1", true],
    [undefined, true],
    ["10.1.0.77", true],
    ["::ffff:10.1.0.77", true],
    ["192.168.7.1", true],
    ["fd00::5", true],
    ["192.168.7.2", false],
    ["10.1.1.1", false],
    ["::ffff:10.1.1.1", false],
    ["fd01::5", false],
    ["rubbish", false],
  ])("%s may call without TLS: %s", (address, expected) => {
    expect(allowed(address)).toBe(expected);
  });

  test("refuses a setting that is no address", () => {
    expect(() => peerRule(["piccolo"])).toThrow('"piccolo" is no address');
  });
});
