import { randomUUID } from "node:crypto";
import { uptime } from "node:os";
import { type Log, systemClock } from "@pharos/base";
import { type OperatorState, runOperator } from "@pharos/operator";
import { HostLeases } from "@pharos/store/kubernetes";
import { kubernetesHome } from "@pharos/store/kubernetes-home";
import { serveHealth } from "./health-server.ts";

/** Settings of `pharos operator`: the control plane of a vehicle whose store is the Kubernetes API. */
export interface OperatorSettings {
  readonly namespace: string;
  /** Names this process in Leases and events. */
  readonly identity: string;
  /** Absent: the pod's service account. */
  readonly kubeconfig?: string;
  /** `https://host:port` of the API server. */
  readonly apiServer?: string;
  /** `host:port` of the health listener. */
  readonly health?: string;
}

/** Runs one of the operators of a cluster until `signal` aborts; it acts while it leads. */
export async function operatorCommand(settings: OperatorSettings, log: Log, signal: AbortSignal): Promise<void> {
  const { namespace, kubeconfig, apiServer, health } = settings;
  const identity = `${settings.identity}_${randomUUID().slice(0, 8)}`;
  const home = await kubernetesHome({
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(apiServer === undefined ? {} : { server: apiServer }),
    namespace,
    part: "operator",
    identity,
    clock: systemClock,
    bootTime: () => uptime() * 1000,
    log,
    random: Math.random,
    newId: randomUUID,
  });
  let leads = false;
  let state: OperatorState = { synced: false, revision: 0, misses: 0 };
  const elector: typeof home.elector = {
    run: (lead, ended) =>
      home.elector.run(async (leadership) => {
        leads = true;
        try {
          await lead(leadership);
        } finally {
          leads = false;
        }
      }, ended),
  };
  const gauges = {
    operator_leader: { help: "1 while this operator leads", value: () => Number(leads) },
    operator_events_dropped: { help: "events for people that were not written", value: () => home.events.dropped() },
    config_revision: { help: "number of the newest revision", value: () => state.revision },
    store_relist_misses_total: { help: "changes that watches did not tell, found by lists", value: () => state.misses },
  };
  // One that stands by is ready, too: it has all caches when its turn comes.
  const ready = () => (state.synced ? undefined : "not all kinds were listed yet");
  serveHealth({ ...(health === undefined ? {} : { listen: health }), live: () => undefined, ready, gauges, log }, signal);
  const leases = new HostLeases({ store: home.store, namespace, clock: systemClock, log });
  const onState = (seen: OperatorState) => {
    state = seen;
  };
  const connectedHosts = () => new Set(leases.hosts());
  try {
    const operator = runOperator({ home: { ...home, elector }, clock: systemClock, log, signal, connectedHosts, onState });
    await Promise.all([operator, leases.run(signal)]);
  } finally {
    await home.close();
  }
}
