import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { uptime } from "node:os";
import { join } from "node:path";
import { type Log, systemClock } from "@pharos/base";
import { type CallbackEndpoint, startBridge } from "@pharos/grpc-bridge";
import { StoreServiceService } from "@pharos/rpc";
import { HostLeases } from "@pharos/store/kubernetes";
import { kubernetesHome } from "@pharos/store/kubernetes-home";
import { storeService } from "@pharos/store/remote";
import { serveHealth } from "./health-server.ts";
import { type ListenSettings, listenAddresses } from "./listen-addresses.ts";
import type { OperatorSettings } from "./operator-command.ts";

/** Settings of `pharos bridge`: the Pharos API in front of a Kubernetes API. */
export interface BridgeSettings extends Omit<OperatorSettings, "identity">, ListenSettings {
  /** Folder of the callbacks' outboxes. */
  readonly dataDir: string;
  /** Addresses beyond loopback that may call without TLS. */
  readonly plaintextFrom: readonly string[];
  readonly callbacks: readonly CallbackEndpoint[];
}

/** Runs the gRPC bridge until `signal` aborts. Its port opens first; until the API server answers, calls are told to come back. */
export async function bridgeCommand(settings: BridgeSettings, log: Log, signal: AbortSignal): Promise<void> {
  const { namespace, kubeconfig, apiServer, dataDir, plaintextFrom, callbacks, health } = settings;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const opened = kubernetesHome({
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(apiServer === undefined ? {} : { server: apiServer }),
    namespace,
    part: "bridge",
    identity: "bridge",
    clock: systemClock,
    bootTime: () => uptime() * 1000,
    log,
    random: Math.random,
    newId: randomUUID,
  });
  let known: HostLeases | undefined;
  const following = opened.then(({ store }) => {
    known = new HostLeases({ store, namespace, clock: systemClock, log });
    return known.run(signal);
  });
  // Told once, by whoever awaits `opened` below.
  following.catch(() => {});
  const bridge = await startBridge({
    store: opened.then(({ store }) => store),
    listen: listenAddresses(settings),
    plaintextFrom,
    callbacks,
    stateDir: join(dataDir, "callbacks"),
    clock: systemClock,
    log,
    signal,
    connectedHosts: () => new Set(known?.hosts() ?? []),
    // For pharosctl, which explains what runs. Who writes here has an account of the API server's.
    extraServices: (store) => [
      { service: StoreServiceService, implementation: storeService({ store, authorize: () => "only the API server takes writes", log }) },
    ],
  });
  const ready = () => (bridge.ready() ? undefined : "not all kinds were listed yet");
  serveHealth({ ...(health === undefined ? {} : { listen: health }), live: () => undefined, ready, gauges: {}, log }, signal);
  bridge.finished.catch(() => {});
  const home = await opened;
  try {
    await Promise.all([bridge.finished, following]);
  } finally {
    await home.close();
  }
}
