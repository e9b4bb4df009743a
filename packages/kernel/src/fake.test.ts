import { describe, expect, test } from "@jest/globals";
import { diff, EMPTY_STATE, planOf, scopeOf } from "@pharos/hoststate";
import { hostStates } from "@pharos/hoststate/arbitrary";
import fc from "fast-check";
import { FOREIGN_INTERFACE, kernelContract } from "./contract.ts";
import { fakeKernel } from "./fake.ts";

kernelContract("the fake", async () => ({ kernel: fakeKernel({ facts: { interfaces: [FOREIGN_INTERFACE] } }), close: async () => {} }));

describe("the fake", () => {
  test("accepts every plan between valid states", async () => {
    await fc.assert(
      fc.asyncProperty(hostStates(), hostStates(), async (a, b) => {
        const kernel = fakeKernel();
        for (const desired of [a, b]) {
          const { failed } = await kernel.apply(planOf(diff(await kernel.observe(scopeOf(a, b)), desired)));
          expect(failed).toBeUndefined();
          expect(planOf(diff(await kernel.observe(scopeOf(a, b)), desired))).toEqual([]);
        }
      }),
    );
  });

  test("tells when somebody else takes something away", async () => {
    const kernel = fakeKernel();
    await kernel.apply([{ kind: "link.create", link: { kind: "dummy", name: "d0" } }]);
    const events = kernel.events(AbortSignal.timeout(5_000))[Symbol.asyncIterator]();
    const next = events.next();
    kernel.disturb(() => EMPTY_STATE);
    expect(await next).toEqual({ done: false, value: { section: "links" } });
    expect((await kernel.observe(scopeOf())).links).toEqual([]);
  });
});
