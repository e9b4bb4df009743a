import { describe, expect, test } from "@jest/globals";
import { chooseRevision } from "./choose-revision.ts";
import type { HashedRevision } from "./snapshot.ts";

function revision(number: number, epoch = "a"): HashedRevision {
  const documents = { nodes: [], bridges: [], routingConfigs: [], securityConfigs: [], serviceDeployments: [] };
  return { epoch, number, hash: `hash-${number}`, content: { documents, allocations: [], leases: [] } };
}

describe("chooseRevision", () => {
  test("takes the store's newest revision and keeps the last good one as the way back", () => {
    expect(chooseRevision({ newest: revision(3), lastGood: revision(2), rejected: [] })).toEqual({
      target: revision(3),
      isNew: true,
      fallback: revision(2),
    });
  });

  test("stays on the last good revision when the newest was rejected here", () => {
    const rejected = [{ epoch: "a", number: 3, hash: "hash-3", reason: "no nftables" }];
    expect(chooseRevision({ newest: revision(3), lastGood: revision(2), rejected })).toEqual({ target: revision(2), isNew: false });
  });

  test("runs the last good revision when the store is empty or away", () => {
    expect(chooseRevision({ lastGood: revision(2), rejected: [] })).toEqual({ target: revision(2), isNew: false });
  });

  test("runs the seed on the first boot, and nothing when there is no seed", () => {
    expect(chooseRevision({ seed: revision(0), rejected: [] })).toEqual({ target: revision(0), isNew: false });
    expect(chooseRevision({ rejected: [] })).toEqual({ isNew: false });
  });

  test("takes a revision of a new store's epoch even when its number is not larger", () => {
    expect(chooseRevision({ newest: revision(2, "b"), lastGood: revision(2, "a"), rejected: [] }).isNew).toBe(true);
  });
});
