import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { PharosError, silentLog, systemClock } from "@pharos/base";
import { admitObject } from "@pharos/documents";
import type { PodNetwork } from "@pharos/kinds";
import type { LedgerEntry } from "@pharos/ledger";
import { STORE_DENIED, type Store } from "@pharos/store";
import { openEmbeddedStore } from "@pharos/store/embedded";
import { netnsState } from "./netns-state.ts";
import { PodKeeper } from "./pod-keeper.ts";
import { RequestDesk } from "./request-desk.ts";
import { RequestFiles } from "./request-files.ts";
import { PluginRunner } from "./run-plugin.ts";
import { NO_CONTAINERS } from "./runtime.ts";

const attachment = (namespace: string, name: string): LedgerEntry => ({
  key: { network: "pharos", containerID: `c-${name}`, ifname: "eth0" },
  bridge: "podBr0",
  addresses: ["10.2.0.2/24"],
  hostName: "pv000000000001",
  mac: "02:00:00:00:00:01",
  bootId: "b",
  pod: { namespace, name },
});

describe("PodKeeper", () => {
  let folder: string;
  let store: Store;
  let stop: AbortController;
  let running: Promise<void>;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "pharos-pod-keeper-"));
    store = openEmbeddedStore({
      path: join(folder, "s"),
      admit: admitObject,
      clock: systemClock,
      newId: () => crypto.randomUUID(),
      log: silentLog,
    });
    stop = new AbortController();
  });
  afterEach(async () => {
    stop.abort();
    await running;
    await store.close();
    rmSync(folder, { recursive: true });
  });

  function start(options: {
    readonly store: Store;
    readonly ledger: readonly LedgerEntry[];
    readonly known: readonly PodNetwork[] | undefined;
  }): void {
    const keeper = new PodKeeper({
      host: "soc1",
      store: options.store,
      runtime: NO_CONTAINERS,
      desk: new RequestDesk({
        host: "soc1",
        runtime: NO_CONTAINERS,
        plugin: new PluginRunner({ binary: "/none", dataFile: "/none", stateDir: join(folder, "ledger") }),
        ledger: () => options.ledger,
        netns: netnsState,
        whenAttached: "add",
        log: silentLog,
      }),
      files: new RequestFiles(join(folder, "requests")),
      stateDir: join(folder, "ledger"),
      ledger: () => options.ledger,
      podNetworks: () => options.known,
      isReady: () => true,
      onLedger: () => {},
      clock: systemClock,
      log: silentLog,
    });
    running = keeper.run(stop.signal);
  }

  const published = async () => (await store.list("PodNetwork")).items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);

  test("publishes the pods of other namespaces when one namespace takes nothing", async () => {
    const create: Store["create"] = (object) =>
      object.metadata.namespace === "ending"
        ? Promise.reject(new PharosError(STORE_DENIED, "it is being terminated"))
        : store.create(object);
    const refusing: Store = {
      create,
      update: (object) => store.update(object),
      patchStatus: (ref, status) => store.patchStatus(ref, status),
      delete: (ref) => store.delete(ref),
      applySet: (changes) => store.applySet(changes),
      get: (ref) => store.get(ref),
      list: (kind) => store.list(kind),
      watch: (kind, options) => store.watch(kind, options),
      epoch: () => store.epoch(),
      close: () => store.close(),
    };
    start({ store: refusing, ledger: [attachment("ending", "a"), attachment("default", "b")], known: [] });
    for (let tries = 0; tries < 100 && (await published()).length === 0; tries++) await systemClock.sleep(10);
    expect(await published()).toEqual(["default/c-b-eth0"]);
  });

  test("has pending requests on disk for the plugin, until they are answered or gone, and as long as the store is unknown", async () => {
    const request: PodNetwork = {
      apiVersion: "pharos.io/v1",
      kind: "PodNetwork",
      metadata: { name: "request-1", namespace: "default" },
      spec: { bridge: "net0", request: { id: "1", podName: "web", requestedAt: "2026-01-01T00:00:00Z" } },
    };
    await store.create<"PodNetwork">(request);
    const file = join(folder, "requests/default/web.json");
    const ledger: LedgerEntry[] = [];
    start({ store, ledger, known: [request] });
    await until(() => existsSync(file));
    stop.abort();
    await running;
    stop = new AbortController();
    start({ store, ledger, known: undefined });
    await systemClock.sleep(100);
    expect(existsSync(file)).toBe(true);
    stop.abort();
    await running;
    stop = new AbortController();
    const netns = join(folder, "s");
    start({ store, ledger: [{ ...attachment("default", "web"), bridge: "net0", netns }], known: [request] });
    await until(() => !existsSync(file));
    const status = async () => (await store.get({ kind: "PodNetwork", name: "request-1", namespace: "default" }))?.status;
    for (let tries = 0; tries < 500 && (await status()) === undefined; tries++) await systemClock.sleep(10);
    expect(await status()).toMatchObject({ phase: "Attached", addresses: ["10.2.0.2/24"] });
  });

  async function until(holds: () => boolean): Promise<void> {
    for (let tries = 0; tries < 500 && !holds(); tries++) await systemClock.sleep(10);
    expect(holds()).toBe(true);
  }

  test("writes nothing before it knows what the store holds", async () => {
    start({ store, ledger: [attachment("default", "b")], known: undefined });
    await systemClock.sleep(100);
    expect(await published()).toEqual([]);
  });
});
