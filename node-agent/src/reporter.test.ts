import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { silentLog, systemClock } from "@pharos/base";
import { admitObject } from "@pharos/documents";
import type { HostReportStatus } from "@pharos/kinds";
import type { Store } from "@pharos/store";
import { openEmbeddedStore } from "@pharos/store/embedded";
import { reportStatus } from "./report.ts";
import { Reporter } from "./reporter.ts";

function status(message: string): HostReportStatus {
  return reportStatus({ state: "Committed", message, rejected: [], findings: [], blocks: [], since: "2026-01-01T00:00:00.000Z" });
}

describe("Reporter", () => {
  let folder: string;
  let store: Store;
  let isAway: boolean;
  let writes: number;
  /** What every write waits for after it is done, as for an answer on its way. */
  let answer: Promise<void>;
  let reporter: Reporter;
  let stop: AbortController;
  let running: Promise<void>;

  const open = (name: string) =>
    openEmbeddedStore({
      path: join(folder, name),
      admit: admitObject,
      clock: systemClock,
      newId: () => crypto.randomUUID(),
      log: silentLog,
    });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "pharos-reporter-"));
    store = open("first.sqlite");
    isAway = false;
    writes = 0;
    answer = Promise.resolve();
    const counted = async <T>(write: () => Promise<T>): Promise<T> => {
      writes++;
      if (isAway) throw new Error("the store is away");
      const written = await write();
      await answer;
      return written;
    };
    reporter = new Reporter({
      store: {
        create: (object) => counted(() => store.create(object)),
        patchStatus: (ref, next) => counted(() => store.patchStatus(ref, next)),
        update: (object) => counted(() => store.update(object)),
      },
      host: "soc1",
      nodeName: "node-a",
      clock: systemClock,
      log: silentLog,
    });
    stop = new AbortController();
    running = reporter.run(stop.signal);
  });
  afterEach(async () => {
    stop.abort();
    await running;
    await store.close();
    rmSync(folder, { recursive: true });
  });

  const stored = async () => (await store.get({ kind: "HostReport", name: "soc1" }))?.status;

  async function untilStored(message: string): Promise<void> {
    const end = systemClock.monotonic() + 5000;
    while ((await stored())?.conditions?.[0]?.message !== message) {
      if (systemClock.monotonic() > end) throw new Error(`stored is ${JSON.stringify(await stored())}`);
      await systemClock.sleep(5);
    }
  }

  test("makes the report of a host that has none, with the Kubernetes node that it is", async () => {
    reporter.publish(status("one"));
    await untilStored("one");
    expect(await stored()).toEqual(status("one"));
    expect((await store.get({ kind: "HostReport", name: "soc1" }))?.metadata.annotations).toEqual({ "pharos.io/node": "node-a" });
  });

  test.each([
    ["none", {}],
    ["another", { "pharos.io/node": "node-b" }],
  ])("names the Kubernetes node in a report that names %s, and keeps what others noted there", async (_, named) => {
    const annotations = { note: "by hand", ...named };
    await store.create({
      apiVersion: "pharos.io/v1",
      kind: "HostReport",
      metadata: { name: "soc1", annotations },
      spec: { host: "soc1" },
    });
    reporter.publish(status("one"));
    const end = systemClock.monotonic() + 5000;
    const report = () => store.get({ kind: "HostReport", name: "soc1" });
    while ((await report())?.metadata.annotations?.["pharos.io/node"] !== "node-a") {
      if (systemClock.monotonic() > end) throw new Error(JSON.stringify(await report()));
      await systemClock.sleep(5);
    }
    expect((await report())?.metadata.annotations).toEqual({ note: "by hand", "pharos.io/node": "node-a" });
    expect(await stored()).toEqual(status("one"));
  });

  test("writes only on change", async () => {
    reporter.publish(status("one"));
    await untilStored("one");
    await systemClock.sleep(20);
    const before = writes;
    for (let turn = 0; turn < 5; turn++) {
      reporter.publish(status("one"));
      await systemClock.sleep(5);
    }
    expect(writes).toBe(before);
    reporter.publish(status("two"));
    await untilStored("two");
    expect(writes).toBe(before + 1);
  });

  test("tries again while the store is away, and then writes the latest only", async () => {
    isAway = true;
    reporter.publish(status("one"));
    await systemClock.sleep(30);
    expect(writes).toBe(1);
    reporter.publish(status("two"));
    isAway = false;
    await untilStored("two");
    expect((await store.get({ kind: "HostReport", name: "soc1" }))?.metadata.generation).toBe(1);
  });

  test("tells a new, empty store what the former one knew", async () => {
    reporter.publish(status("one"));
    await untilStored("one");
    await store.close();
    store = open("second.sqlite");
    expect(await stored()).toBeUndefined();
    reporter.storeChanged();
    await untilStored("one");
  });

  test("tells a new store also when it came while the answer of the former one was on its way", async () => {
    reporter.publish(status("one"));
    await untilStored("one");
    await systemClock.sleep(20);
    const { promise, resolve } = Promise.withResolvers<void>();
    answer = promise;
    reporter.publish(status("two"));
    await untilStored("two");
    await store.close();
    store = open("second.sqlite");
    reporter.storeChanged();
    answer = Promise.resolve();
    resolve();
    await untilStored("two");
  });
});
