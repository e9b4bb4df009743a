import { describe, expect, test } from "@jest/globals";
import { systemClock } from "@pharos/base";
import { RoundCall } from "./round-call.ts";

const never = new AbortController().signal;

describe("RoundCall", () => {
  test("merges calls that came while nobody waited, and forgets them once taken", async () => {
    const wake = new RoundCall(systemClock);
    wake.call("kernel");
    wake.call("kernel");
    wake.call("revision");
    expect([...(await wake.next({ timeoutMs: 1000, settleMs: 0, signal: never }))]).toEqual(["kernel", "revision"]);
    expect([...(await wake.next({ timeoutMs: 1, settleMs: 0, signal: never }))]).toEqual(["timer"]);
  });

  test("wakes a waiting loop at once, and lets a burst settle into one round", async () => {
    const wake = new RoundCall(systemClock);
    const round = wake.next({ timeoutMs: 10_000, settleMs: 20, signal: never });
    wake.call("kernel");
    setTimeout(() => wake.call("live"), 5);
    expect([...(await round)]).toEqual(["kernel", "live"]);
  });

  test("answers nothing when it is aborted", async () => {
    const stop = new AbortController();
    const round = new RoundCall(systemClock).next({ timeoutMs: 10_000, settleMs: 0, signal: stop.signal });
    stop.abort();
    expect((await round).size).toBe(0);
  });
});
