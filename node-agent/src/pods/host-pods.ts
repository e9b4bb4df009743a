import { dirname, join } from "node:path";
import type { Clock, Log } from "@pharos/base";
import { POD_NETWORK_DATA_PATH } from "@pharos/hoststate";
import type { Kernel } from "@pharos/kernel";
import type { PodNetwork } from "@pharos/kinds";
import { LEDGER_FOLDER, type LedgerEntry } from "@pharos/ledger";
import type { Store } from "@pharos/store";
import { LeaseKeeper } from "../dhcp/lease-keeper.ts";
import type { ReportedCondition } from "../report.ts";
import { directoryRuntime } from "./directory-runtime.ts";
import { netnsState } from "./netns-state.ts";
import { type AnnotatePod, NetworkStatusTeller } from "./network-status-teller.ts";
import { OwnLedger } from "./own-ledger.ts";
import { PodKeeper } from "./pod-keeper.ts";
import { PodMender } from "./pod-mender.ts";
import { PODMAN_SOCKET, podmanRuntime } from "./podman-runtime.ts";
import { podNetworkOf } from "./published-pods.ts";
import { RequestDesk } from "./request-desk.ts";
import { RequestFiles } from "./request-files.ts";
import { PluginRunner } from "./run-plugin.ts";
import { type ContainerRuntime, joinedRuntimes, NO_CONTAINERS } from "./runtime.ts";

/** Containers of a runtime that has no API of its own. */
const CONTAINER_FOLDER = "/run/pharos/containers";
/** Pending requests, beside the network data, where the plugin looks for them. */
const REQUEST_FOLDER = "requests";

export interface HostPodsOptions {
  readonly host: string;
  readonly kernel: Kernel;
  readonly store: Store;
  /** Prefix of all paths. */
  readonly root: string;
  /** The CNI plugin's executable. */
  readonly pluginBinary: string;
  /** On Kubernetes, where kubelet has pods attached, and what it was told of a pod's address never changes. */
  readonly annotatePod?: AnnotatePod;
  /** Undefined while it is unknown what the store holds. */
  readonly podNetworks: () => readonly PodNetwork[] | undefined;
  /** True once the host's network is committed. */
  readonly isReady: () => boolean;
  /** After a change of the ledger. */
  readonly onLedger: () => void;
  /** After a change of `conditions`. */
  readonly onStanding: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** The agent's side of the CNI plugin. */
export interface HostPods {
  /** The attachments that hold at this moment; the same array until the ledger changes. */
  ledger(): readonly LedgerEntry[];
  /** The same as PodNetworks. */
  podNetworks(): readonly PodNetwork[];
  conditions(): readonly ReportedCondition[];
  /** PodNetworks in the store have changed. */
  storeChanged(): void;
  /** The agent stands otherwise than before. */
  standingChanged(): void;
  /** The kernel has changed. */
  kernelChanged(): void;
  /** Works until `signal` aborts. */
  run(signal: AbortSignal): Promise<unknown>;
}

/** Publishes and answers for this host's pods, and keeps kernel and ledger of them in order. */
export function hostPods(options: HostPodsOptions): HostPods {
  const { host, kernel, store, root, pluginBinary, podNetworks, isReady, onLedger, onStanding, annotatePod, clock, log } = options;
  const ledger = new OwnLedger({ folder: join(root, LEDGER_FOLDER), log });
  const places = { dataFile: join(root, POD_NETWORK_DATA_PATH), stateDir: join(root, LEDGER_FOLDER) };
  const plugin = new PluginRunner({ binary: pluginBinary, ...places });
  const runtime = annotatePod === undefined ? containersOf({ root, clock, log }) : NO_CONTAINERS;
  const current = () => ledger.current();
  // On Kubernetes the agent is a container of its own.
  const netns = (path: string | undefined) => netnsState(path, annotatePod === undefined);
  const whenAttached = annotatePod === undefined ? "replace" : "add";
  const desk = new RequestDesk({ host, runtime, plugin, ledger: current, netns, whenAttached, log });
  const files = new RequestFiles(join(dirname(places.dataFile), REQUEST_FOLDER));
  const { stateDir } = places;
  const teller = annotatePod === undefined ? {} : { teller: new NetworkStatusTeller({ annotate: annotatePod, clock, log }) };
  // By a runner of its own: a server that does not answer holds up nothing else.
  const leases = new LeaseKeeper({ ledger: current, plugin: new PluginRunner(plugin.settings), onStanding, clock, log });
  const ledgerChanged = () => {
    leases.call();
    onLedger();
  };
  const seen = { ledger: current, podNetworks, isReady, onLedger: ledgerChanged };
  const keeper = new PodKeeper({ host, store, runtime, desk, files, stateDir, clock, log, ...seen, ...teller });
  const mender = new PodMender({ ledger, kernel, plugin, netns, isReady, onStanding, clock, log });
  return {
    ledger: current,
    podNetworks: () => current().map((entry) => podNetworkOf(entry, host, undefined)),
    conditions: () => [mender.condition, ...leases.conditions],
    storeChanged: () => keeper.call(),
    standingChanged: () => {
      keeper.call();
      mender.call();
    },
    kernelChanged: () => mender.call(),
    run: (signal) => Promise.all([keeper.run(signal), mender.run(signal), leases.run(signal)]),
  };
}

/** Without Kubernetes: those of Podman, and those that somebody describes. */
function containersOf({ root, clock, log }: Pick<HostPodsOptions, "root" | "clock" | "log">): ContainerRuntime {
  const podman = podmanRuntime({ socket: join(root, PODMAN_SOCKET), clock, log });
  return joinedRuntimes([directoryRuntime(join(root, CONTAINER_FOLDER), log), podman]);
}
