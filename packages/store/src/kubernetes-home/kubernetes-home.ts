import { type Clock, type Log, PharosError } from "@pharos/base";
import { STORE_FENCED } from "../codes.ts";
import type { Elector, Home, Leadership } from "../home.ts";
import { type ApiCall, connectKubernetesStore, type KubernetesStore, kubernetesLease, leaseElector } from "../kubernetes/index.ts";
import { kubernetesEvents } from "./events.ts";
import { credentialsOf, type KubeConfigOptions, loadKubeConfig } from "./kube-config.ts";
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
  readonly onCall?: (call: ApiCall) => void;
}

/** A control plane's home on Kubernetes. */
export interface KubernetesHome extends Home {
  readonly store: KubernetesStore;
}

/**
 * Connects a control plane to a Kubernetes cluster. The operator's writes are refused with STORE_FENCED unless its elector
 * says that it leads; the bridge writes at any time.
 */
export async function kubernetesHome(options: KubernetesHomeOptions): Promise<KubernetesHome> {
  const { namespace, part, identity, clock, bootTime, log, random, newId, onCall } = options;
  const config = loadKubeConfig(options);
  const credentials = await credentialsOf(config);
  const fence = new Fence(part === "bridge");
  const shared = { credentials, fieldManager: `pharos-${part}`, clock, log, random, newId, ...(onCall === undefined ? {} : { onCall }) };
  const store = connectKubernetesStore({ ...shared, mayWrite: () => fence.isOpen() });
  const lease = kubernetesLease(store.transport, { namespace, name: "pharos-operator" });
  return {
    store,
    elector: fence.around(leaseElector({ lease, identity, clock, bootTime, log })),
    events: kubernetesEvents({ config, controller: `pharos.io/${part}`, instance: identity, clock, log }),
    workloads: kubernetesWorkloads(config, store, () => fence.require()),
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
