import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { impossibilities, type Operation, type OperationEnd } from "./history.ts";

const added = (...addresses: string[]): OperationEnd => ({ kind: "added", addresses });
const deleted: OperationEnd = { kind: "deleted" };
const unknown: OperationEnd = { kind: "unknown" };
const exhausted: OperationEnd = { kind: "exhausted" };
const op = (key: string, [began, ended]: readonly [number, number], end: OperationEnd, verb?: "add" | "del"): Operation => ({
  key,
  verb: verb ?? (end.kind === "deleted" ? "del" : "add"),
  began,
  ended,
  end,
});
const judge = (history: readonly Operation[], left: Readonly<Record<string, string>>, capacity = 1) =>
  impossibilities(history, { capacity, left: new Map(Object.entries(left).map(([key, text]) => [key, text.split(" ")])) });

describe("the judge of histories", () => {
  test.each<[string, Operation[], Record<string, string>]>([
    ["one attachment after the other", [op("a", [1, 2], added("x")), op("a", [3, 4], deleted), op("b", [5, 6], added("x"))], { b: "x" }],
    [
      "the next ADD while the DEL goes on",
      [op("a", [1, 2], added("x")), op("a", [3, 6], deleted), op("b", [4, 5], added("x"))],
      { b: "x" },
    ],
    [
      "the next ADD after a killed DEL",
      [op("a", [1, 2], added("x")), op("a", [3, 4], unknown, "del"), op("b", [5, 6], added("x"))],
      { b: "x" },
    ],
    ["a repeated ADD", [op("a", [1, 2], added("x")), op("a", [3, 4], added("x"))], { a: "x" }],
    ["two ADDs of one key at a time", [op("a", [1, 4], added("x")), op("a", [2, 3], added("x"))], { a: "x" }],
    ["ADD beside DEL of one key", [op("a", [1, 4], added("x")), op("a", [2, 3], deleted)], { a: "x" }],
    ["ADD beside DEL, the DEL last", [op("a", [1, 4], added("x")), op("a", [2, 3], deleted)], {}],
    ["exhaustion while another holds all", [op("a", [1, 2], added("x")), op("b", [3, 4], exhausted)], { a: "x" }],
    ["exhaustion while an ADD goes on that fails later", [op("a", [1, 4], unknown), op("b", [2, 3], exhausted)], {}],
    ["exhaustion while a DEL goes on", [op("a", [1, 2], added("x")), op("a", [3, 6], deleted), op("b", [4, 5], exhausted)], {}],
  ])("believes %s", (_what, history, left) => {
    expect(judge(history, left)).toEqual([]);
  });

  test.each<[string, Operation[], Record<string, string>, string]>([
    [
      "an address of two",
      [op("a", [1, 2], added("x", "y")), op("b", [3, 4], added("z", "y")), op("a", [5, 6], deleted)],
      { b: "z y" },
      "y was held by a and b",
    ],
    [
      "an address of two, one of them for ever",
      [op("a", [1, 2], added("x")), op("b", [3, 4], added("x")), op("b", [5, 6], deleted)],
      { a: "x" },
      "x was held by a and b",
    ],
    ["exhaustion of an empty pool", [op("b", [5, 6], exhausted)], {}, "b was refused while at most 0 of 1 were held"],
    [
      "exhaustion after the release",
      [op("a", [1, 2], added("x")), op("a", [3, 4], deleted), op("b", [5, 6], exhausted)],
      {},
      "b was refused while at most 0 of 1 were held",
    ],
    [
      "exhaustion by the attachment's own address",
      [op("a", [1, 2], unknown), op("a", [3, 4], exhausted)],
      {},
      "a was refused while at most 0 of 1 were held",
    ],
    ["another address for what is held", [op("a", [1, 2], added("x")), op("a", [3, 4], added("y"))], { a: "y" }, "a was told x, then y"],
    ["exhaustion for what holds one", [op("a", [1, 2], added("x")), op("a", [3, 4], exhausted)], { a: "x" }, "a was told x, then none"],
    ["two answers at a time", [op("a", [1, 4], added("x")), op("a", [2, 3], added("y"))], {}, "a was told x, then y"],
    ["a lost attachment", [op("a", [1, 2], added("x"))], {}, "a should hold x at the end, and holds none"],
    [
      "a released one that is still there",
      [op("a", [1, 2], added("x")), op("a", [3, 4], deleted)],
      { a: "x" },
      "a should hold none at the end, and holds x",
    ],
  ])("does not believe %s", (_what, history, left, finding) => {
    expect(judge(history, left)).toContain(finding);
  });

  test("exhaustion needs all held at one moment, not one after the other", () => {
    const history = [op("a", [1, 2], added("x")), op("a", [11, 12], deleted), op("b", [13, 14], added("y")), op("c", [10, 20], exhausted)];
    expect(judge(history, { b: "y" }, 2)).toEqual(["c was refused while at most 1 of 2 were held"]);
  });

  test("believes what a plain pool does, and finds each planted error in it", () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.constantFrom("add" as const, "del" as const)), {
      minLength: 1,
      maxLength: 60,
    });
    fc.assert(
      fc.property(steps, fc.nat(), (list, place) => {
        const capacity = 3;
        const held = new Map<string, string>();
        /** The same operation with an answer that a right pool never gives. */
        const wrong: (readonly [Operation, OperationEnd])[] = [];
        const history = list.map(([who, verb], index): Operation => {
          const key = `k${who}`;
          const times = [2 * index, 2 * index + 1] as const;
          if (verb === "del") {
            held.delete(key);
            return op(key, times, deleted);
          }
          const free = ["x", "y", "z"].find((address) => ![...held.values()].includes(address));
          const given = held.get(key) ?? free;
          const [foreign] = [...held].filter(([other]) => other !== key).map(([, address]) => address);
          const made = op(key, times, given === undefined ? exhausted : added(given));
          if (given !== undefined) wrong.push([made, exhausted]);
          if (foreign !== undefined) wrong.push([made, added(foreign)]);
          if (given !== undefined) held.set(key, given);
          return made;
        });
        const left = Object.fromEntries(held);
        expect(judge(history, left, capacity)).toEqual([]);
        expect(judge(history, { ...left, ghost: "w" }, capacity)).toEqual(["ghost holds w at the end, and nobody asked for it"]);
        const [lost] = held.keys();
        if (lost !== undefined)
          expect(judge(history, Object.fromEntries([...held].filter(([key]) => key !== lost)), capacity)).not.toEqual([]);
        const [target, answer] = wrong[place % Math.max(1, wrong.length)] ?? [];
        if (target === undefined || answer === undefined) return;
        const changed = history.map((one) => (one === target ? { ...one, end: answer } : one));
        expect(judge(changed, left, capacity)).not.toEqual([]);
      }),
    );
  });
});
