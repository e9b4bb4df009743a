import { afterEach, describe, expect, test } from "@jest/globals";
import { type Log, PharosError, silentLog } from "@pharos/base";
import { SteppedClock } from "@pharos/base/testing";
import fc from "fast-check";
import { STORE_DENIED, STORE_NOT_FOUND, STORE_UNAVAILABLE } from "../codes.ts";
import type { HomeEvent } from "../home.ts";
import { EventCorrelator } from "./correlate-events.ts";
import type { EventSink } from "./event-sink.ts";
import { type KubernetesEvents, kubernetesEvents } from "./events.ts";

const MINUTE = 60_000;

function told(name: string, note: string, reason = "Invalid"): HomeEvent {
  return { regarding: { kind: "Bridge", name }, type: "Warning", reason, note };
}

describe("which events are told", () => {
  const seen = (note: string, reason = "Invalid") => ({ about: "Bridge/one", type: "Warning", reason, note });

  test("an equal event within 10 minutes of the last one is counted, a later one is new", () => {
    const correlator = new EventCorrelator();
    const at = (minutes: number) => correlator.correlate(seen("no range"), minutes * MINUTE).kind;
    expect([at(0), at(9), at(18), at(28)]).toEqual(["begin", "count", "count", "begin"]);
  });

  test("from the eleventh note of one reason on they are told as one", () => {
    const correlator = new EventCorrelator();
    const kinds = Array.from({ length: 13 }, (_, index) => correlator.correlate(seen(`note ${index}`), index));
    expect(kinds.slice(0, 10).every(({ kind }) => kind === "begin")).toBe(true);
    expect(kinds[10]).toMatchObject({ kind: "begin", note: "note 10 (and similar events)" });
    expect(kinds.slice(11).map(({ kind }) => kind)).toEqual(["count", "count"]);
  });

  test("an object has 25 new events at once, then one each 5 minutes, and takes none from another object", () => {
    const correlator = new EventCorrelator();
    const tell = (index: number, now: number) => correlator.correlate(seen("same", `Reason${index}`), now).kind;
    const kinds = Array.from({ length: 30 }, (_, index) => tell(index, 0));
    expect(kinds.filter((kind) => kind === "begin")).toHaveLength(25);
    expect(tell(30, 5 * MINUTE - 1)).toBe("drop");
    expect(tell(31, 5 * MINUTE)).toBe("begin");
    expect(tell(32, 5 * MINUTE)).toBe("drop");
    expect(correlator.correlate({ ...seen("same"), about: "Bridge/two" }, 0).kind).toBe("begin");
  });

  test("whatever is told, an object has at most 25 new events and one for each 5 minutes", () => {
    const step = fc.record({ reason: fc.nat(40), note: fc.nat(20), wait: fc.nat(2 * MINUTE) });
    const bounded = fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const correlator = new EventCorrelator();
      let now = 0;
      let begun = 0;
      for (const { reason, note, wait } of steps) {
        now += wait;
        if (correlator.correlate(seen(`note ${note}`, `Reason${reason}`), now).kind === "begin") begun += 1;
        expect(begun).toBeLessThanOrEqual(25 + Math.floor(now / (5 * MINUTE)));
      }
    });
    fc.assert(bounded);
  });
});

const recorders: KubernetesEvents[] = [];
afterEach(() => {
  for (const recorder of recorders.splice(0)) recorder.close();
});

function record(failure: () => PharosError | undefined = () => undefined) {
  const clock = new SteppedClock(Date.UTC(2030));
  const writes: string[] = [];
  const warnings: string[] = [];
  const write = async (text: string) => {
    const error = failure();
    if (error !== undefined) throw error;
    writes.push(text);
  };
  const sink: EventSink = {
    create: async ({ event, count }) => {
      await write(`create ${event.regarding.name} ${event.note} ${count}`);
      return { namespace: "default", name: `${event.regarding.name}.1` };
    },
    count: (place, { count }) => write(`count ${place.name} ${count}`),
  };
  const log: Log = { ...silentLog, warn: (message) => warnings.push(message) };
  const events = kubernetesEvents({ sink, clock, log });
  recorders.push(events);
  return { clock, writes, warnings, events };
}

describe("the recorder", () => {
  test("writes an event once and its repetitions as a count, each minute at most", async () => {
    const { clock, writes, events } = record();
    for (let index = 0; index < 5; index += 1) events.record(told("one", "no range"));
    await clock.pass(0);
    for (let index = 0; index < 5; index += 1) events.record(told("one", "no range"));
    await clock.pass(MINUTE - 1);
    expect(writes).toEqual(["create one no range 5"]);
    await clock.pass(1);
    expect(writes).toEqual(["create one no range 5", "count one.1 10"]);
    await clock.pass(60 * MINUTE);
    expect(writes).toHaveLength(2);
  });

  test("keeps events while the API server is away and writes them in their order when it is back", async () => {
    let away = true;
    const { clock, writes, events } = record(() => (away ? new PharosError(STORE_UNAVAILABLE, "away") : undefined));
    events.record(told("one", "first"));
    events.record(told("two", "second"));
    await clock.pass(10 * MINUTE);
    expect(writes).toEqual([]);
    away = false;
    await clock.pass(2 * MINUTE);
    expect(writes).toEqual(["create one first 1", "create two second 1"]);
    expect(events.dropped()).toBe(0);
  });

  test("drops what is refused, counts it, says so once, and goes on", async () => {
    let denied = true;
    const { clock, writes, warnings, events } = record(() => (denied ? new PharosError(STORE_DENIED, "create events: no") : undefined));
    events.record(told("one", "first"));
    events.record(told("two", "second"));
    await clock.pass(10);
    denied = false;
    events.record(told("three", "third"));
    await clock.pass(10);
    expect(writes).toEqual(["create three third 1"]);
    expect(events.dropped()).toBe(2);
    expect(warnings).toEqual([expect.stringMatching(/^PHAROS-3042 .*PHAROS-3007 create events: no/)]);
  });

  test("lets 256 events wait, drops more, and counts them", async () => {
    const { clock, writes, events } = record();
    for (let index = 0; index < 300; index += 1) events.record(told(`bridge-${index}`, "no range"));
    expect(events.dropped()).toBe(44);
    await clock.pass(0);
    expect(writes).toHaveLength(256);
  });

  test("gives up on one event after 20 attempts, so that it cannot hold up the others for ever", async () => {
    const { clock, events } = record(() => new PharosError(STORE_UNAVAILABLE, "away"));
    events.record(told("one", "first"));
    await clock.pass(60 * MINUTE);
    expect(events.dropped()).toBe(1);
  });

  test("writes an event anew when the API server has forgotten it", async () => {
    const failures: PharosError[] = [];
    const { clock, writes, events } = record(() => failures.shift());
    events.record(told("one", "no range"));
    await clock.pass(MINUTE);
    failures.push(new PharosError(STORE_NOT_FOUND, "gone"));
    events.record(told("one", "no range"));
    await clock.pass(MINUTE);
    expect(writes.at(-1)).toBe("create one no range 2");
  });

  test("does nothing after its end", async () => {
    const { clock, writes, events } = record();
    events.close();
    events.record(told("one", "no range"));
    await clock.pass(MINUTE);
    expect(writes).toEqual([]);
  });
});
