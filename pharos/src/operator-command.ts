import { randomUUID } from "node:crypto";
import { uptime } from "node:os";
import { type Log, systemClock } from "@pharos/base";
import { runOperator } from "@pharos/operator";
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
  };
  serveHealth({ ...(health === undefined ? {} : { listen: health }), live: () => undefined, ready: () => undefined, gauges, log }, signal);
  try {
    await runOperator({ home: { ...home, elector }, clock: systemClock, log, signal });
  } finally {
    await home.close();
  }
}
