import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { aliasOf, bridgeMacOf, hostNameOf, isMarkOf, macOf, witnessOf } from "./names.ts";

const key = (containerID: string) => ({ network: "pods", containerID, ifname: "eth0" });

describe("names", () => {
  test("stay the same for ever, because links of running pods bear them", () => {
    expect([
      hostNameOf(key("a")),
      macOf(key("a")),
      aliasOf({ key: key("a"), mac: macOf(key("a")), addresses: ["10.2.1.2/24", "fd00::2/64"] }),
      bridgeMacOf("podBr0"),
    ]).toMatchInlineSnapshot(`
[
  "pve2300f7bace2",
  "02:cc:16:f1:58:1c",
  "pharos-pod:a:eth0:pods:02cc16f1581c:10.2.1.2/24,fd00::2/64",
  "02:4e:47:1a:c6:24",
]
`);
  });

  test("fit the kernel: 14 bytes of name, a local unicast hardware address, an alias below 256 bytes", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 255 }), (containerID) => {
        expect(hostNameOf(key(containerID))).toMatch(/^pv[0-9a-f]{12}$/);
        expect(macOf(key(containerID))).toMatch(/^02(:[0-9a-f]{2}){5}$/);
      }),
    );
    expect(aliasOf({ key: key("x".repeat(255)), mac: "02:00:00:00:00:01", addresses: [] }).length).toBeLessThan(256);
  });

  test("a mark can be read back, and tells its owner also when it is cut short", () => {
    const witness = { key: key("a"), mac: "02:00:00:00:00:01", addresses: ["10.2.1.2/24", "fd00::2/64"] };
    expect(witnessOf(aliasOf(witness))).toEqual(witness);
    const second = { ...witness, key: { ...key("a"), ifname: "net1" }, primary: "eth0" };
    expect(witnessOf(aliasOf(second))).toEqual(second);
    expect(witnessOf(aliasOf({ ...witness, addresses: [] }))).toEqual({ ...witness, addresses: [] });
    expect(isMarkOf(key("a"), aliasOf(witness))).toBe(true);
    expect(isMarkOf(key("b"), aliasOf(witness))).toBe(false);
    expect(isMarkOf({ ...key("a"), network: "other" }, aliasOf(witness))).toBe(false);
    const long = key("x".repeat(255));
    const cut = aliasOf({ ...witness, key: long });
    expect([witnessOf(cut), isMarkOf(long, cut)]).toEqual([undefined, true]);
  });

  test.each(["pharos", "pharos-pod:a:eth0", "pharos-pod:a:eth0:pods:020000000001:not-an-address"])("%s is no witness", (alias) => {
    expect(witnessOf(alias)).toBeUndefined();
  });

  test("differ between 20,000 containers", () => {
    const names = Array.from({ length: 20_000 }, (_, index) => hostNameOf(key(`container-${index}`)));
    expect(new Set(names).size).toBe(names.length);
  });
});
