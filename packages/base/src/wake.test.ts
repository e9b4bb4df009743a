import { describe, expect, test } from "@jest/globals";
import { systemClock } from "./clock.ts";
import { Wake } from "./wake.ts";

const never = new AbortController().signal;

async function elapsed(work: Promise<void>): Promise<number> {
  const since = performance.now();
  await work;
  return performance.now() - since;
}

describe("Wake", () => {
  test("does not lose a ring that came while nobody waited, and takes it once", async () => {
    const wake = new Wake(systemClock);
    wake.ring();
    expect(await elapsed(wake.wait(10_000, never))).toBeLessThan(1000);
    expect(await elapsed(wake.wait(30, never))).toBeGreaterThanOrEqual(25);
  });

  test("ends a wait at a ring, and when it is aborted", async () => {
    const wake = new Wake(systemClock);
    setTimeout(() => wake.ring(), 5);
    expect(await elapsed(wake.wait(10_000, never))).toBeLessThan(1000);
    expect(await elapsed(wake.wait(10_000, AbortSignal.timeout(5)))).toBeLessThan(1000);
  });
});
