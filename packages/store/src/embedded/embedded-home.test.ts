import { describe, expect, test } from "@jest/globals";
import { type Log, silentLog } from "@pharos/base";
import type { Leadership } from "../home.ts";
import type { Store } from "../store.ts";
import { embeddedHome } from "./embedded-home.ts";

/** A home asks nothing of its store. */
const store = {} as Store;

describe("the home of the embedded store", () => {
  test("leads at once, and until it is ended", async () => {
    const ended = new AbortController();
    let leadership: Leadership | undefined;
    const running = embeddedHome(store, silentLog).elector.run((given) => {
      leadership = given;
      return new Promise((resolve) => given.signal.addEventListener("abort", () => resolve()));
    }, ended.signal);
    expect(leadership?.holds()).toBe(true);
    ended.abort();
    await running;
    expect(leadership?.holds()).toBe(false);
    expect(leadership?.signal.aborted).toBe(true);
  });

  test("tells events to the log, warnings as such", () => {
    const lines: string[] = [];
    const log: Log = {
      ...silentLog,
      info: (message, fields) => lines.push(`info ${message} ${JSON.stringify(fields)}`),
      warn: (message, fields) => lines.push(`warn ${message} ${JSON.stringify(fields)}`),
    };
    const { events } = embeddedHome(store, log);
    const regarding = { kind: "Bridge", name: "one" } as const;
    events.record({ regarding, type: "Normal", reason: "Frozen", note: "revision 1 was made" });
    events.record({ regarding, type: "Warning", reason: "Invalid", note: "no range" });
    expect(lines).toEqual([
      'info revision 1 was made {"about":"Bridge/one","reason":"Frozen"}',
      'warn no range {"about":"Bridge/one","reason":"Invalid"}',
    ]);
  });

  test("runs no workloads", () => {
    expect(embeddedHome(store, silentLog).workloads).toBeUndefined();
  });
});
