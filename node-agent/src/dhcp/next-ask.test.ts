import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { nextAsk } from "./next-ask.ts";

const hour = { startMs: 1000, seconds: 3600, renewSeconds: 1800, rebindSeconds: 3150 };

/** When servers are asked that never answer, in seconds from the beginning of the lease. */
function asks(lease: typeof hour): number[] {
  const times: number[] = [];
  for (let at = nextAsk(lease, undefined); times.length < 100; at = nextAsk(lease, at)) {
    times.push(Math.round((at - lease.startMs) / 100) / 10);
    if (at >= lease.startMs + lease.seconds * 1000) break;
  }
  return times;
}

describe("servers that do not answer are asked", () => {
  test("at T1, ever later halves until T2, and again until the end (RFC 2131, 4.4.5)", () => {
    expect(asks(hour)).toEqual([1800, 2475, 2812.5, 2981.3, 3065.6, 3125.6, 3150, 3375, 3487.5, 3547.5, 3600]);
  });

  test("for a short lease in shorter steps, and for one without an end never", () => {
    expect(asks({ startMs: 0, seconds: 16, renewSeconds: 8, rebindSeconds: 14 })).toEqual([8, 11, 12.5, 13.5, 14, 15, 16]);
    expect(nextAsk({ ...hour, seconds: 0xffff_ffff }, undefined)).toBe(Number.POSITIVE_INFINITY);
  });

  test("a bounded number of times, and never past the end, whatever the times are", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e6 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (seconds, a, b) => {
          const times = asks({ startMs: 0, seconds, renewSeconds: Math.min(a, b) * seconds, rebindSeconds: Math.max(a, b) * seconds });
          expect(times.length).toBeLessThan(80);
          expect(times.at(-1)).toBe(seconds);
          expect(times).toEqual([...times].sort((one, other) => one - other));
        },
      ),
    );
  });
});
