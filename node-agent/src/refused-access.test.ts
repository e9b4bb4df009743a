import { describe, expect, test } from "@jest/globals";
import { PharosError } from "@pharos/base";
import { STORE_DENIED, STORE_KIND_MISSING, STORE_UNAVAILABLE } from "@pharos/store";
import { RefusedAccess } from "./refused-access.ts";

describe("RefusedAccess", () => {
  test("tells each refusal once as finding and condition, and forgets it when a list comes", () => {
    let changes = 0;
    const access = new RefusedAccess(() => changes++);
    const denied = new PharosError(STORE_DENIED, "list nodes: forbidden");
    access.heard("nodes", denied);
    access.heard("nodes", denied);
    access.heard("PodNetwork", new PharosError(STORE_KIND_MISSING, "list podnetworks.pharos.io: not found"));
    expect(changes).toBe(2);
    expect(access.has("nodes")).toBe(true);
    expect(access.findings().map(({ code, description }) => `${code} ${description}`)).toEqual([
      "PHAROS-4043 list nodes: forbidden",
      "PHAROS-4043 list podnetworks.pharos.io: not found",
    ]);
    expect(access.condition()).toMatchObject({ status: "False", reason: "Refused" });
    access.heard("nodes", undefined);
    access.heard("PodNetwork", undefined);
    access.heard("PodNetwork", undefined);
    expect(changes).toBe(4);
    expect(access.condition()).toMatchObject({ status: "True", reason: "Following" });
  });

  test("a store that is away refuses nothing", () => {
    const access = new RefusedAccess(() => {});
    access.heard("nodes", new PharosError(STORE_UNAVAILABLE, "list nodes: connection refused"));
    expect(access.findings()).toEqual([]);
  });
});
