import { type Clock, type Log, PharosError } from "@pharos/base";
import { STORE_FENCED } from "../codes.ts";
import type { Elector, Home, Leadership, Machines, Workloads } from "../home.ts";
import {
  type ApiCall,
  connectKubernetesStore,
  type KubernetesStore,
  kubernetesLease,
  leaseElector,
  Transport,
} from "../kubernetes/index.ts";
import { kubernetesEventSink } from "./event-sink.ts";
import { type KubernetesEvents, kubernetesEvents } from "./events.ts";
import { homeCredentials, type KubeConfigOptions } from "./kube-config.ts";
import { kubernetesMachines } from "./machines.ts";
import { kubernetesWorkloads } from "./workloads.ts";

export interface KubernetesHomeOptions extends KubeConfigOptions {
  /** Namespace of Pharos' own Leases. */
  readonly namespace: string;
  /** `operator` or `bridge`. */
  readonly part: "operator" | "bridge";
  /** Unique for each process. */
  readonly identity: string;
  readonly clock: Clock;
  /** ms since the machine's boot, sleep included. */
  readonly bootTime: () => number;
  readonly log: Log;
  readonly random: () => number;
  readonly newId: () => string;
  /** Told of each call of the API, before it is sent. */
  readonly onCall?: (call: ApiCall) => void;
}

/** ms for one call about the election: a connection that died in silence must not use up the leader's time. */
const LEASE_DEADLINE = 3000;

/** A control plane's home on Kubernetes. */
export interface KubernetesHome extends Home {
  readonly store: KubernetesStore;
  readonly events: KubernetesEvents;
  readonly workloads: Workloads;
  readonly machines: Machines;
  /** Ends the connection and drops events that wait. */
  close(): Promise<void>;
}

/**
 * Connects a control plane to a Kubernetes cluster. The operator's writes are refused with STORE_FENCED unless its elector
 * says that it leads; the bridge writes at any time. Throws STORE_CREDENTIALS.
 */
export async function kubernetesHome(options: KubernetesHomeOptions): Promise<KubernetesHome> {
  const { namespace, part, identity, clock, bootTime, log, random, newId, onCall } = options;
  const credentials = await homeCredentials(options);
  const fence = new Fence(part === "bridge");
  const connection = { credentials, ...(onCall === undefined ? {} : { onCall }) };
  const shared = { ...connection, fieldManager: `pharos-${part}`, clock, log, random, newId };
  const store = connectKubernetesStore({ ...shared, mayWrite: () => fence.isOpen() });
  const leases = new Transport({ ...connection, deadline: LEASE_DEADLINE });
  const lease = kubernetesLease(leases, { namespace, name: "pharos-operator" });
  const sink = kubernetesEventSink({ store, controller: `pharos.io/${part}`, instance: identity, newId });
  const events = kubernetesEvents({ sink, clock, log });
  return {
    store,
    elector: fence.around(leaseElector({ lease, identity, clock, bootTime, log })),
    events,
    workloads: kubernetesWorkloads(store, () => fence.require()),
    machines: kubernetesMachines(store, namespace, () => fence.require()),
    close: async () => {
      events.close();
      leases.close();
      await store.close();
    },
  };
}

/** Open while this process leads. */
class Fence {
  readonly #always: boolean;
  #leadership: Leadership | undefined;

  constructor(always: boolean) {
    this.#always = always;
  }

  isOpen(): boolean {
    return this.#always || this.#leadership?.holds() === true;
  }

  require(): void {
    if (!this.isOpen()) throw new PharosError(STORE_FENCED, "this process leads no more; nothing was written");
  }

  around(elector: Elector): Elector {
    return {
      run: (lead, signal) =>
        elector.run(async (leadership) => {
          this.#leadership = leadership;
          try {
            await lead(leadership);
          } finally {
            this.#leadership = undefined;
          }
        }, signal),
    };
  }
}
