import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Log, systemClock } from "@pharos/base";
import { admitObject } from "@pharos/documents";
import { type CallbackEndpoint, runBridge } from "@pharos/grpc-bridge";
import { runOperator } from "@pharos/operator";
import { StoreServiceService } from "@pharos/rpc";
import type { Store } from "@pharos/store";
import { embeddedHome, openEmbeddedStore } from "@pharos/store/embedded";
import { authorizeAgent, HostPresence, storeService } from "@pharos/store/remote";
import { type ListenSettings, listenAddresses } from "./listen-addresses.ts";

/** Settings of `pharos standalone`: the whole control plane of a vehicle without Kubernetes. */
export interface StandaloneSettings extends ListenSettings {
  /** Folder of the store's file and of the callbacks' outboxes. */
  readonly dataDir: string;
  /** Addresses beyond loopback that may call without TLS. */
  readonly plaintextFrom: readonly string[];
  readonly callbacks: readonly CallbackEndpoint[];
}

/** Runs operator, bridge and the embedded store in one process until `signal` aborts; throws PHAROS-3008 when the store's file is lost. */
export async function standaloneCommand(settings: StandaloneSettings, log: Log, signal: AbortSignal): Promise<void> {
  await mkdir(settings.dataDir, { recursive: true, mode: 0o700 });
  const presence = new HostPresence();
  const stop = new AbortController();
  const ended = AbortSignal.any([signal, stop.signal]);
  const opened = openStore(settings.dataDir, log, (error) => stop.abort(error));
  const bridge = runBridge({
    store: opened,
    listen: listenAddresses(settings),
    plaintextFrom: settings.plaintextFrom,
    callbacks: settings.callbacks,
    stateDir: join(settings.dataDir, "callbacks"),
    clock: systemClock,
    log: log.child({ part: "bridge" }),
    signal: ended,
    connectedHosts: () => presence.hosts(),
    extraServices: (store) => [
      {
        service: StoreServiceService,
        implementation: storeService({ store, authorize: authorizeAgent, presence, log: log.child({ part: "store" }) }),
      },
    ],
  });
  const store = await opened;
  try {
    const operatorLog = log.child({ part: "operator" });
    const home = embeddedHome(store, operatorLog);
    await Promise.all([bridge, runOperator({ home, clock: systemClock, log: operatorLog, signal: ended })]);
  } finally {
    await store.close();
  }
  if (stop.signal.aborted) throw stop.signal.reason;
}

/** A store file that disappears ends the process: started again, it opens a new store, which adopts what the agents run. */
function openStore(dataDir: string, log: Log, onLost: (error: Error) => void): Promise<Store> {
  return Promise.resolve(
    openEmbeddedStore({ path: join(dataDir, "pharos.sqlite"), admit: admitObject, clock: systemClock, newId: randomUUID, log, onLost }),
  );
}
