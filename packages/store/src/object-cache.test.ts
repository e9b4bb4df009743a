import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Followable, ObjectCache, type SourceChange, versionsOf } from "./object-cache.ts";

/** Few names, so that they meet; `a-b` sorts before `a/`, and must not. */
const object: fc.Arbitrary<Followable> = fc
  .record({
    namespace: fc.constantFrom(undefined, "a", "a-b", "b"),
    name: fc.constantFrom("a", "a-a", "b", "c"),
    resourceVersion: fc.nat(9).map(String),
  })
  .map(({ namespace, ...rest }) => ({ metadata: { ...rest, ...(namespace === undefined ? {} : { namespace }) } }));
const change: fc.Arbitrary<SourceChange<Followable>> = fc.record({
  type: fc.constantFrom("ADDED" as const, "MODIFIED" as const, "DELETED" as const),
  object,
  resourceVersion: fc.constant("1"),
});
const placeOf = ({ metadata: { namespace = "", name } }: Followable) => JSON.stringify([namespace, name]);
const lists = fc.uniqueArray(object, { selector: placeOf });

function sorted(model: ReadonlyMap<string, Followable>): readonly Followable[] {
  const order = ["", "a", "a-b", "b"];
  const rank = ({ metadata: { namespace = "" } }: Followable) => order.indexOf(namespace);
  return [...model.values()].sort((a, b) => rank(a) - rank(b) || (a.metadata.name < b.metadata.name ? -1 : 1));
}

describe("the cache of a collection", () => {
  test("holds what a list and the changes after it leave, sorted by namespace, then name", () => {
    const claim = (listed: readonly Followable[], changes: readonly SourceChange<Followable>[]) => {
      const cache = new ObjectCache<Followable>();
      cache.replace(listed);
      const model = new Map(listed.map((each) => [placeOf(each), each]));
      for (const each of changes) {
        cache.take(each);
        if (each.type === "DELETED") model.delete(placeOf(each.object));
        else model.set(placeOf(each.object), each.object);
      }
      expect(cache.items()).toEqual(sorted(model));
    };
    fc.assert(fc.property(lists, fc.array(change), claim));
  });

  test("what was given out does not change afterwards", () => {
    const claim = (listed: readonly Followable[], changes: readonly SourceChange<Followable>[]) => {
      const cache = new ObjectCache<Followable>();
      cache.replace(listed);
      const given = cache.items();
      const text = JSON.stringify(given);
      for (const each of changes) cache.take(each);
      expect(JSON.stringify(given)).toBe(text);
    };
    fc.assert(fc.property(lists, fc.array(change), claim));
  });

  test("counts what differs from a list, without what was changed meanwhile", () => {
    const at = (name: string, resourceVersion: string): Followable => ({ metadata: { name, resourceVersion } });
    const cache = new ObjectCache<Followable>();
    cache.replace([at("same", "1"), at("changed", "1"), at("deleted", "1"), at("told", "1")]);
    cache.beginComparing();
    cache.take({ type: "MODIFIED", object: at("told", "3"), resourceVersion: "3" });
    expect(cache.compare(versionsOf([at("same", "1"), at("changed", "2"), at("new", "1"), at("told", "2")]))).toBe(3);
  });
});
