import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { uptime } from "node:os";
import { join } from "node:path";
import { type Log, systemClock } from "@pharos/base";
import { type CallbackEndpoint, runBridge } from "@pharos/grpc-bridge";
import { HostLeases } from "@pharos/store/kubernetes";
import { kubernetesHome } from "@pharos/store/kubernetes-home";
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
  const leases = opened.then(({ store }) => new HostLeases({ store, namespace, clock: systemClock, log }));
  let known: HostLeases | undefined;
  const following = leases.then((hosts) => {
    known = hosts;
    return hosts.run(signal);
  });
  serveHealth(
    { ...(health === undefined ? {} : { listen: health }), live: () => undefined, ready: () => undefined, gauges: {}, log },
    signal,
  );
  const bridge = runBridge({
    store: opened.then(({ store }) => store),
    listen: listenAddresses(settings),
    plaintextFrom,
    callbacks,
    stateDir: join(dataDir, "callbacks"),
    clock: systemClock,
    log,
    signal,
    connectedHosts: () => new Set(known?.hosts() ?? []),
  });
  const home = await opened;
  try {
    await Promise.all([bridge, following]);
  } finally {
    await home.close();
  }
}
