import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { decideLease, NOTHING_SEEN, observeLease } from "./decide-lease.ts";
import { type Contender, ElectionWorld } from "./election-world.ts";
import type { LeaseRecord } from "./lease.ts";

const TIMES = { lease: 15_000, renewDeadline: 10_000, retry: 2000 };
const DAY = 24 * 60 * 60 * 1000;

function record(holder: string, more: Partial<LeaseRecord> = {}): LeaseRecord {
  const time = "2020-01-01T00:00:00.000000Z";
  return { holder, transitions: 1, renewTime: time, acquireTime: time, durationSeconds: 15, resourceVersion: "7", ...more };
}

const decided = (seen: typeof NOTHING_SEEN, now: number) => decideLease(seen, { identity: "me", times: TIMES, now });

describe("what a candidate decides", () => {
  test("a lease that nobody ever saw is created at once", () => {
    expect(decided(observeLease(NOTHING_SEEN, undefined, 1000), 1000)).toBe("create");
  });

  test("another's lease is taken after it stood still for its whole time by our clock, however old it says it is", () => {
    const seen = observeLease(NOTHING_SEEN, record("other"), 1000);
    expect([1000, 15_999, 16_000].map((now) => decided(seen, now))).toEqual(["wait", "wait", "take"]);
  });

  test("a renewal seen meanwhile begins the time anew, an unchanged record does not", () => {
    const first = observeLease(NOTHING_SEEN, record("other"), 1000);
    expect(observeLease(first, record("other"), 9000).since).toBe(1000);
    expect(observeLease(first, record("other", { resourceVersion: "8" }), 9000).since).toBe(9000);
  });

  test("a holder that asks for more time than we would is given it", () => {
    const seen = observeLease(NOTHING_SEEN, record("other", { durationSeconds: 60 }), 0);
    expect([59_999, 60_000].map((now) => decided(seen, now))).toEqual(["wait", "take"]);
  });

  test("a released lease is taken at once, and our own is renewed", () => {
    expect(decided(observeLease(NOTHING_SEEN, record(""), 0), 0)).toBe("take");
    expect(decided(observeLease(NOTHING_SEEN, record("me"), 0), 99_000)).toBe("renew");
  });

  test("a lease that was deleted under its holder is waited for like one that stands still", () => {
    const deleted = observeLease(observeLease(NOTHING_SEEN, record("other"), 0), undefined, 5000);
    expect([5000, 19_999, 20_000].map((now) => decided(deleted, now))).toEqual(["wait", "wait", "create"]);
    const own = observeLease(observeLease(NOTHING_SEEN, record("me"), 0), undefined, 5000);
    expect(decided(own, 5000)).toBe("create");
  });
});

describe("leader election", () => {
  test("one of two leads, with clocks a day apart, and renews every 2 s", async () => {
    const world = new ElectionWorld();
    const [a, b] = [world.contender("a"), world.contender("b", -DAY)];
    await world.pass(60_000);
    expect([a.holds(), b.holds()].filter(Boolean)).toHaveLength(1);
    expect(a.terms.length + b.terms.length).toBe(1);
    expect(world.lease).toMatchObject({ transitions: 0, durationSeconds: 15 });
    expect(Number(world.lease?.resourceVersion)).toBeGreaterThan(25);
  });

  test("a leader that cannot reach the server steps down 10 s after it last could, and another leads after 15 s", async () => {
    const world = new ElectionWorld();
    const a = world.contender("a");
    await world.pass(1000);
    const b = world.contender("b", DAY);
    await world.pass(4000);
    a.network = "before";
    const lost = new Map<Contender, number>();
    await world.pass(25_000, () => {
      if (!a.holds() && !lost.has(a)) lost.set(a, world.now);
      if (b.holds() && !lost.has(b)) lost.set(b, world.now);
    });
    expect(lost.get(a)).toBeLessThanOrEqual(15_000);
    expect(a.terms[0]?.signal.aborted).toBe(true);
    expect(lost.get(b)).toBeGreaterThan(18_000);
    expect(lost.get(b)).toBeLessThan(23_000);
    expect(world.lease).toMatchObject({ holder: "b", transitions: 1 });
  });

  test("a leader that was stopped and goes on holds nothing before any of its timers fired", async () => {
    const world = new ElectionWorld();
    const a = world.contender("a");
    await world.pass(1000);
    a.stopped = true;
    await world.pass(20_000);
    expect(a.terms[0]?.signal.aborted).toBe(false);
    expect(a.holds()).toBe(false);
    a.stopped = false;
    await world.pass(100);
    expect(a.terms[0]?.signal.aborted).toBe(true);
    expect(a.terms[0]?.holds()).toBe(false);
  });

  test("an orderly end releases the lease: another leads with its next attempt", async () => {
    const world = new ElectionWorld();
    const a = world.contender("a");
    await world.pass(1000);
    const b = world.contender("b");
    await world.pass(5000);
    const ending = a.end();
    await world.pass(2500);
    await ending;
    expect(b.holds()).toBe(true);
    expect(world.lease).toMatchObject({ holder: "b", transitions: 1 });
  });

  test("who leads again after another did begins a new term", async () => {
    const world = new ElectionWorld();
    const a = world.contender("a");
    await world.pass(1000);
    a.network = "before";
    const { transitions = 0 } = world.lease ?? {};
    // Another took and released it while a heard nothing, within a's time.
    world.write({ ...record("", { transitions: transitions + 1 }), resourceVersion: world.lease?.resourceVersion ?? "" }, "replace");
    a.network = "up";
    await world.pass(6000);
    expect(a.terms).toHaveLength(2);
    expect(a.terms.map((term) => term.holds())).toEqual([false, true]);
  });
});

type Turn =
  | { readonly kind: "pass"; readonly ms: number }
  | { readonly kind: "stop" | "go"; readonly who: number }
  | { readonly kind: "network"; readonly who: number; readonly network: Contender["network"] }
  | { readonly kind: "latency"; readonly ms: number };

const who = fc.nat(2);
const turn: fc.Arbitrary<Turn> = fc.oneof(
  { arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.nat(20_000) }), weight: 3 },
  fc.record({ kind: fc.constantFrom("stop" as const, "go" as const), who }),
  fc.record({ kind: fc.constant("network" as const), who, network: fc.constantFrom("up" as const, "before" as const, "after" as const) }),
  fc.record({ kind: fc.constant("latency" as const), ms: fc.constantFrom(1, 300, 3000) }),
);

function play(world: ElectionWorld, contenders: readonly Contender[], next: Turn): void {
  if (next.kind === "latency") world.latency = next.ms;
  if (next.kind === "pass" || next.kind === "latency") return;
  const contender = contenders[next.who];
  if (contender === undefined) return;
  if (next.kind === "network") contender.network = next.network;
  else contender.stopped = next.kind === "stop";
}

describe("whatever happens to clocks, processes and network", () => {
  test("there are never two holders, and in the end there is one", async () => {
    let led = 0;
    const holds = fc.asyncProperty(
      fc.array(turn, { maxLength: 25 }),
      fc.array(fc.integer(), { minLength: 3, maxLength: 3 }),
      async (turns, skews) => {
        const world = new ElectionWorld();
        const contenders = skews.map((skew, index) => world.contender(`c${index}`, skew));
        const holders = () => contenders.filter((contender) => contender.holds());
        const look = () => {
          if (holders().length > 1) throw new Error(`at ${world.now}: ${holders().map(({ identity }) => identity)} hold the lease`);
        };
        for (const next of turns) {
          play(world, contenders, next);
          await world.pass(next.kind === "pass" ? next.ms : 100, look);
        }
        led += contenders.reduce((sum, { terms }) => sum + terms.length, 0);
        for (const contender of contenders) Object.assign(contender, { stopped: false, network: "up" });
        world.latency = 20;
        await world.pass(60_000, look);
        expect(holders()).toHaveLength(1);
      },
    );
    await fc.assert(holds, { numRuns: 100 });
    expect(led).toBeGreaterThan(30);
  });
});
