import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { SteppedClock } from "../testing/stepped-clock.ts";
import { KeyedQueue, type KeyFailure } from "./keyed-queue.ts";

const PAUSE = { first: 100, last: 1000 };

interface Setting {
  readonly workers?: number;
  readonly random?: () => number;
  /** Whether an attempt fails. */
  readonly fails?: (key: string) => boolean;
  /** ms that the work on a key takes. */
  readonly takes?: number;
}

function queue({ workers = 1, random = () => 0, fails = () => false, takes = 0 }: Setting = {}) {
  const clock = new SteppedClock();
  const stop = new AbortController();
  const log: string[] = [];
  const failures: KeyFailure[] = [];
  const busy = new Map<string, number>();
  const overlaps: string[] = [];
  let most = 0;
  const work = async (key: string) => {
    log.push(`${clock.monotonic()} ${key}`);
    busy.set(key, (busy.get(key) ?? 0) + 1);
    if ((busy.get(key) ?? 0) > 1) overlaps.push(key);
    most = Math.max(most, busy.size);
    if (takes > 0) await clock.sleep(takes);
    busy.set(key, (busy.get(key) ?? 0) - 1);
    if (busy.get(key) === 0) busy.delete(key);
    if (fails(key)) throw new Error(`${key} fails`);
  };
  const keyed = new KeyedQueue({ clock, random, workers, pause: PAUSE, work, onFailure: (failure) => void failures.push(failure) });
  const finished = keyed.run(stop.signal);
  return { keyed, clock, log, failures, stop, finished, overlaps, most: () => most };
}

describe("a keyed queue", () => {
  test("works on keys in the order of adding, and once however often one was added before its turn", async () => {
    const { keyed, clock, log } = queue({ takes: 10 });
    for (const key of ["a", "b", "c", "b", "a"]) keyed.add(key);
    await clock.pass(100);
    expect(log).toEqual(["0 a", "10 b", "20 c"]);
    expect(keyed.size).toBe(0);
  });

  test("gives a key that is added while it is worked on one more turn, after those that wait", async () => {
    const { keyed, clock, log } = queue({ takes: 10 });
    keyed.add("a");
    await clock.pass(5);
    for (const key of ["a", "b", "a"]) keyed.add(key);
    await clock.pass(100);
    expect(log).toEqual(["0 a", "10 b", "20 a"]);
  });

  test("a key that fails waits twice as long each time, up to the bound, and holds up no other", async () => {
    const { keyed, clock, log, failures } = queue({ fails: (key) => key === "bad" });
    keyed.add("bad");
    keyed.add("good");
    await clock.pass(3800);
    keyed.add("good");
    await clock.pass(0);
    expect(log).toEqual(["0 bad", "0 good", "100 bad", "300 bad", "700 bad", "1500 bad", "2500 bad", "3500 bad", "3800 good"]);
    expect(failures.map(({ failures: count, pause }) => `${count}: ${pause}`)).toEqual([
      "1: 100",
      "2: 200",
      "3: 400",
      "4: 800",
      "5: 1000",
      "6: 1000",
      "7: 1000",
    ]);
  });

  test("adding a key that waits after a failure does not shorten its pause; forgetting it does, and its failures with it", async () => {
    let isBad = true;
    const { keyed, clock, log, failures } = queue({ fails: () => isBad });
    keyed.add("a");
    await clock.pass(150);
    keyed.add("a");
    await clock.pass(100);
    expect(log).toEqual(["0 a", "100 a"]);
    keyed.forget("a");
    expect(keyed.size).toBe(0);
    keyed.add("a");
    await clock.pass(0);
    expect([log.at(-1), failures.at(-1)?.failures]).toEqual(["250 a", 1]);
    isBad = false;
    await clock.pass(100);
    keyed.add("a");
    isBad = true;
    await clock.pass(0);
    expect(failures.at(-1)?.failures).toBe(1);
  });

  test("work that was forgotten while it ran is not repeated when it fails", async () => {
    const { keyed, clock, log } = queue({ fails: () => true, takes: 10 });
    keyed.add("a");
    await clock.pass(5);
    keyed.forget("a");
    await clock.pass(10_000);
    expect(log).toEqual(["0 a"]);
  });

  test("jitter comes from outside and adds half of the pause at most", async () => {
    const { keyed, clock, failures } = queue({ fails: () => true, random: () => 0.999 });
    keyed.add("a");
    await clock.pass(10);
    expect(failures[0]?.pause).toBeCloseTo(150, 0);
  });

  test("ends after the work that is under way, and begins nothing more", async () => {
    const { keyed, clock, log, stop, finished } = queue({ takes: 10 });
    keyed.add("a");
    keyed.add("b");
    await clock.pass(5);
    stop.abort();
    let isEnded = false;
    void finished.then(() => {
      isEnded = true;
    });
    await clock.pass(0);
    expect(isEnded).toBe(false);
    await clock.pass(10);
    expect([isEnded, log]).toEqual([true, ["0 a"]]);
  });

  test("whatever is added and fails: after each adding the key has a turn, never two at one time, never more keys than workers", async () => {
    const steps = fc.array(fc.record({ key: fc.constantFrom("a", "b", "c", "d"), wait: fc.integer({ min: 0, max: 50 }) }), {
      maxLength: 40,
    });
    const property = fc.asyncProperty(steps, fc.integer({ min: 1, max: 3 }), fc.array(fc.boolean()), async (added, workers, outcomes) => {
      const left = [...outcomes];
      const { keyed, clock, log, failures, stop, finished, overlaps, most } = queue({
        workers,
        takes: 7,
        fails: () => left.shift() === true,
      });
      const last = new Map<string, number>();
      for (const { key, wait } of added) {
        keyed.add(key);
        last.set(key, clock.monotonic());
        await clock.pass(wait);
      }
      await clock.pass(PAUSE.last * 2 * (outcomes.length + 2));
      expect(keyed.size).toBe(0);
      for (const [key, at] of last) {
        const turns = log.filter((line) => line.endsWith(` ${key}`)).map((line) => Number(line.split(" ")[0]));
        expect(Math.max(...turns)).toBeGreaterThanOrEqual(at);
      }
      expect(log.length).toBeLessThanOrEqual(added.length + failures.length);
      expect(overlaps).toEqual([]);
      expect(most()).toBeLessThanOrEqual(workers);
      stop.abort();
      await clock.pass(10);
      await finished;
    });
    await fc.assert(property, { numRuns: 60 });
  });
});
