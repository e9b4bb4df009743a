import { describe, expect, test } from "@jest/globals";
import { type ElementField, encodeSetElementAdd, encodeSetElementDelete } from "./set-element-message.ts";

const hex = (bytes: Uint8Array) =>
  Buffer.from(bytes)
    .toString("hex")
    .replace(/(.{8})(?=.)/g, "$1 ");

describe("elements of nft sets", () => {
  test("concatenate fields that fill whole registers, numbers in network order", () => {
    const key: readonly ElementField[] = [
      { kind: "protocol", protocol: "tcp" },
      { kind: "port", port: 8080 },
    ];
    const data: readonly ElementField[] = [
      { kind: "address", address: "10.9.0.2" },
      { kind: "port", port: 80 },
    ];
    expect(hex(encodeSetElementAdd({ table: "t", set: "m", key, data }))).toBe(
      [
        "4c000000 0c0a0104 00000000 00000000 01000000 06000100 74000000 06000200",
        "6d000000 28000380 24000180 10000180 0c000100 06000000 1f900000 10000280",
        "0c000100 0a090002 00500000",
      ].join(" "),
    );
  });

  test("of an interval set end with the last address of each prefix", () => {
    const key: readonly ElementField[] = [
      { kind: "prefix", prefix: "10.9.0.0/24" },
      { kind: "prefix", prefix: "10.9.0.2/32" },
    ];
    expect(hex(encodeSetElementDelete({ table: "t", set: "s", key }))).toContain(
      "10000180 0c000100 0a090000 0a090002 10000a80 0c000100 0a0900ff 0a090002",
    );
  });

  test("take no field that is no address", () => {
    expect(() => encodeSetElementAdd({ table: "t", set: "s", key: [{ kind: "prefix", prefix: "here" }] })).toThrow(RangeError);
  });
});
