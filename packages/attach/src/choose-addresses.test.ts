import { describe, expect, test } from "@jest/globals";
import type { PodBridge, PodRange } from "@pharos/hoststate";
import fc from "fast-check";
import { type AddressChoice, chooseAddresses } from "./choose-addresses.ts";
import { canonicalSpan } from "./range-addresses.ts";

const FOUR: PodRange = {
  subnet: "10.2.0.0/16",
  block: "10.2.1.0/24",
  rangeStart: "10.2.1.2",
  rangeEnd: "10.2.1.254",
  gateway: "10.2.1.1",
  exclude: [],
};
const SIX: PodRange = {
  subnet: "fd00::/64",
  block: "fd00::/64",
  rangeStart: "fd00::2",
  rangeEnd: "fd00::ffff:ffff:ffff:ffff",
  exclude: [],
};

function bridgeOf(...ranges: PodRange[]): PodBridge {
  return { name: "podBr0", isGateway: true, ipMasq: false, ranges, routes: [] };
}
function choose(ranges: readonly PodRange[], more: Partial<AddressChoice> = {}) {
  return chooseAddresses({ bridge: bridgeOf(...ranges), requested: [], preferred: [], taken: new Set(), last: [], ...more });
}
const textsOf = (...parameters: Parameters<typeof choose>) => choose(...parameters).map(({ address }) => address);

describe("the choice of addresses", () => {
  test.each([
    ["an address", ["10.2.1.2"], "10.2.1.3/16"],
    ["a prefix", ["10.2.1.0/28"], "10.2.1.16/16"],
    ["two addresses with a dash between", ["10.2.1.2-10.2.1.99"], "10.2.1.100/16"],
    ["several that touch and overlap", ["10.2.1.0/28", "10.2.1.16", "10.2.1.10-10.2.1.20", "10.2.1.21"], "10.2.1.22/16"],
    ["what begins before the range", ["10.0.0.0-10.2.1.2"], "10.2.1.3/16"],
    ["another family", ["fd00::/64"], "10.2.1.2/16"],
  ])("passes over %s that is excluded", (_what, exclude, wanted) => {
    expect(textsOf([{ ...FOUR, exclude }])).toEqual([wanted]);
  });

  test("a range of which all is excluded is exhausted, and a fixed address of it is reserved", () => {
    const ranges = [{ ...FOUR, exclude: ["10.2.1.0/25", "10.2.1.128-10.2.1.255"] }];
    expect(() => choose(ranges)).toThrow("no free address in 10.2.1.2 to 10.2.1.254");
    expect(() => choose(ranges, { requested: ["10.2.1.77"] })).toThrow("10.2.1.77 on bridge podBr0 is reserved");
  });

  test("says in which range it went on in turn, and not where an address was asked for or preferred", () => {
    expect(choose([FOUR, SIX])).toEqual([
      { address: "10.2.1.2/16", gateway: "10.2.1.1", turnOf: "10.2.1.2" },
      { address: "fd00::2/64", turnOf: "fd00::2" },
    ]);
    expect(choose([FOUR], { requested: ["10.2.1.9"] })).toEqual([{ address: "10.2.1.9/16", gateway: "10.2.1.1" }]);
    expect(choose([FOUR], { preferred: ["10.2.1.8"] })).toEqual([{ address: "10.2.1.8/16", gateway: "10.2.1.1" }]);
  });

  test("goes on in each range behind that range's own last address", () => {
    const second = {
      ...FOUR,
      subnet: "10.3.0.0/24",
      block: "10.3.0.0/24",
      rangeStart: "10.3.0.2",
      rangeEnd: "10.3.0.9",
      gateway: "10.3.0.1",
    };
    const first = { ...FOUR, rangeEnd: "10.2.1.3" };
    const last = ["10.2.1.2", "10.3.0.5"];
    expect(textsOf([first, second], { last })).toEqual(["10.2.1.3/16"]);
    expect(textsOf([first, second], { last, taken: new Set(["10.2.1.2", "10.2.1.3"]) })).toEqual(["10.3.0.6/24"]);
  });

  test("takes a preferred address that is free, and passes over one that is taken, foreign or reserved", () => {
    expect(textsOf([FOUR, SIX], { preferred: ["10.2.1.50", "fd00::50"] })).toEqual(["10.2.1.50/16", "fd00::50/64"]);
    expect(textsOf([FOUR], { preferred: ["10.2.1.50"], taken: new Set(["10.2.1.50"]) })).toEqual(["10.2.1.2/16"]);
    expect(textsOf([FOUR], { preferred: ["192.0.2.1", "10.2.1.1"] })).toEqual(["10.2.1.2/16"]);
  });

  test("gives an address that is kept for a pod only when nothing else is free, the one kept longest first", () => {
    const small = { ...FOUR, rangeStart: "10.2.1.2", rangeEnd: "10.2.1.5" };
    const kept = new Set(["10.2.1.3", "10.2.1.2", "192.0.2.9"]);
    expect(textsOf([small], { kept })).toEqual(["10.2.1.4/16"]);
    expect(textsOf([small], { kept, taken: new Set(["10.2.1.4"]) })).toEqual(["10.2.1.5/16"]);
    expect(textsOf([small], { kept, taken: new Set(["10.2.1.4", "10.2.1.5"]) })).toEqual(["10.2.1.3/16"]);
    expect(textsOf([small], { kept, taken: new Set(["10.2.1.3", "10.2.1.4", "10.2.1.5"]) })).toEqual(["10.2.1.2/16"]);
    expect(textsOf([small], { kept, requested: ["10.2.1.2"] })).toEqual(["10.2.1.2/16"]);
  });

  test("counts in a whole /64 from whatever address was the last", () => {
    expect(textsOf([SIX], { last: ["fd00::ffff"] })).toEqual(["fd00::1:0/64"]);
    expect(textsOf([SIX], { last: ["fd00::ffff:ffff:ffff:fffe"] })).toEqual(["fd00::2/64"]);
  });

  test("agrees with a plain search over small ranges, whatever is taken, kept, excluded and was last", () => {
    const offset = fc.integer({ min: 0, max: 15 });
    const some = fc.uniqueArray(offset, { maxLength: 16 });
    const span = fc.tuple(offset, offset).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
    const textOf = (at: number) => `10.2.1.${32 + at}`;
    fc.assert(
      fc.property(some, some, fc.array(span, { maxLength: 2 }), fc.option(offset), (takenAt, keptAt, spans, lastAt) => {
        const range = {
          ...FOUR,
          rangeStart: textOf(0),
          rangeEnd: textOf(15),
          exclude: spans.map(([from, to]) => `${textOf(from)}-${textOf(to)}`),
        };
        const taken = new Set(takenAt.map(textOf));
        const kept = new Set(keptAt.map(textOf));
        const order = Array.from({ length: 16 }, (_, step) => ((lastAt ?? -1) + 1 + step) % 16);
        const usable = (at: number) => !takenAt.includes(at) && !spans.some(([from, to]) => from <= at && at <= to);
        const wanted = order.find((at) => usable(at) && !keptAt.includes(at)) ?? keptAt.find(usable);
        const find = () => textsOf([range], { taken, kept, last: lastAt === null ? [] : [textOf(lastAt)] });
        if (wanted === undefined) expect(find).toThrow(/no free address/);
        else expect(find()).toEqual([`${textOf(wanted)}/16`]);
      }),
    );
  });
});

describe("excluded spans", () => {
  test.each([
    ["FD00::3", "fd00::3"],
    ["10.0.0.0/30", "10.0.0.0-10.0.0.3"],
    ["10.0.0.7/32", "10.0.0.7"],
    ["10.0.0.1 - 10.0.0.9", "10.0.0.1-10.0.0.9"],
    ["10.0.0.9-10.0.0.1", undefined],
    ["10.0.0.1-fd00::1", undefined],
    ["10.0.0.1-", undefined],
    ["x", undefined],
  ])("%s is %s", (text, wanted) => {
    expect(canonicalSpan(text)).toBe(wanted);
  });
});
