import { describe, expect, test } from "@jest/globals";
import { impossibilities, type StormEnd, type StormOperation } from "./storm.ts";

const added = (...addresses: string[]): StormEnd => ({ kind: "added", addresses });
const deleted: StormEnd = { kind: "deleted" };
const killed: StormEnd = { kind: "killed" };
const exhausted: StormEnd = { kind: "exhausted" };
const op = (pod: string, [began, ended]: readonly [number, number], end: StormEnd): StormOperation => ({
  pod,
  verb: end.kind === "deleted" ? "DEL" : "ADD",
  began,
  ended,
  end,
});

describe("impossibilities", () => {
  test.each<[string, StormOperation[]]>([
    ["one after the other", [op("a", [1, 2], added("x")), op("a", [3, 4], deleted), op("b", [5, 6], added("x"))]],
    ["the next ADD while the DEL goes on", [op("a", [1, 2], added("x")), op("a", [3, 6], deleted), op("b", [4, 5], added("x"))]],
    ["the next ADD after a killed DEL", [op("a", [1, 2], added("x")), op("a", [3, 4], killed), op("b", [5, 6], added("x"))]],
    ["the same pod again", [op("a", [1, 2], added("x")), op("a", [3, 4], added("x"))]],
  ])("an address goes from pod to pod: %s", (_what, history) => {
    expect(impossibilities(history, 1)).toEqual([]);
  });

  test("finds an address that two pods hold at one time", () => {
    const history = [op("a", [1, 2], added("x", "y")), op("b", [3, 4], added("z", "y")), op("a", [5, 6], deleted)];
    expect(impossibilities(history, 9)).toEqual(["y held by a and b"]);
  });

  test.each<[string, StormOperation[]]>([
    ["all places are held", [op("a", [1, 2], added("x")), op("b", [3, 4], exhausted)]],
    ["a killed ADD may hold one", [op("a", [1, 2], killed), op("b", [3, 4], exhausted)]],
    ["a killed DEL may have left it", [op("a", [1, 2], added("x")), op("a", [3, 4], killed), op("b", [5, 6], exhausted)]],
    ["a DEL goes on", [op("a", [1, 2], added("x")), op("a", [3, 6], deleted), op("b", [4, 5], exhausted)]],
  ])("believes that the pool is exhausted when %s", (_what, history) => {
    expect(impossibilities(history, 1)).toEqual([]);
  });

  test("does not believe it when a place is surely free", () => {
    const history = [op("a", [1, 2], added("x")), op("a", [3, 4], deleted), op("b", [5, 6], exhausted)];
    expect(impossibilities(history, 1)).toEqual(["b was refused when at most 0 of 1 places were taken"]);
  });
});
