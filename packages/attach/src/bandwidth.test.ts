import { describe, expect, test } from "@jest/globals";
import { readBandwidth } from "./bandwidth.ts";

describe("bandwidth", () => {
  test("is read for each direction that has a rate", () => {
    expect(readBandwidth({ ingressRate: 1_000_000, ingressBurst: 80_000, egressRate: 0 })).toEqual({
      ingress: { rate: 1_000_000, burst: 80_000 },
    });
    expect(readBandwidth({ egressRate: 8 })).toEqual({ egress: { rate: 8 } });
    expect([readBandwidth(undefined), readBandwidth({ ingressBurst: 5 })]).toEqual([undefined, undefined]);
  });

  test("takes the largest burst that a runtime may write as the kernel's largest", () => {
    expect(readBandwidth({ ingressRate: 8000, ingressBurst: 2 ** 63 })?.ingress?.burst).toBe(0xffffffff * 8);
  });

  test.each([[{ ingressRate: -1 }], [{ egressRate: "1M" }], [{ egressRate: 1.5 }], [{ ingressRate: 7 }], [[]]])("refuses %j", (value) => {
    expect(() => readBandwidth(value)).toThrow("runtimeConfig.bandwidth");
  });
});
