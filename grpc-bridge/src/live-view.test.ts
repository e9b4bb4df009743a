import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { silentLog, systemClock } from "@pharos/base";
import { admitObject } from "@pharos/documents";
import type { Store } from "@pharos/store";
import { openEmbeddedStore } from "@pharos/store/embedded";
import { type LiveView, openLiveView } from "./live-view.ts";

const LONG_MS = 10_000;

describe("LiveView", () => {
  let folder: string;
  let store: Store;
  let stop: AbortController;
  let view: LiveView;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "pharos-view-"));
    const path = join(folder, "store.sqlite");
    store = openEmbeddedStore({ path, admit: admitObject, clock: systemClock, newId: () => crypto.randomUUID(), log: silentLog });
    stop = new AbortController();
    view = openLiveView(store, { signal: stop.signal, clock: systemClock, log: silentLog });
    while (!view.synced()) await systemClock.sleep(5);
  });
  afterEach(async () => {
    stop.abort();
    await view.finished;
    await store.close();
    rmSync(folder, { recursive: true });
  });

  const report = (host: string) =>
    store.create({ apiVersion: "pharos.io/v1", kind: "HostReport", metadata: { name: host }, spec: { host } });
  const timed = async (wait: Promise<void>) => {
    const began = systemClock.monotonic();
    await wait;
    return systemClock.monotonic() - began;
  };

  test("wakes whoever waits at the next change", async () => {
    const waiting = timed(view.changed(LONG_MS, stop.signal));
    await report("soc1");
    expect(await waiting).toBeLessThan(2000);
  });

  test("does not let a change go by that came between reading and waiting", async () => {
    const since = view.changes();
    await report("soc1");
    while (view.items("HostReport").length === 0) await systemClock.sleep(5);
    expect(await timed(view.changed(LONG_MS, stop.signal, since))).toBeLessThan(1000);
  });

  test("waits when nothing changed", async () => {
    expect(await timed(view.changed(50, stop.signal, view.changes()))).toBeGreaterThan(40);
  });
});
