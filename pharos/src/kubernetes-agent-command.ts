import { randomUUID } from "node:crypto";
import { describeError, type Log, systemClock } from "@pharos/base";
import { linuxKernel, makeSysctlsWritable, trimHeap } from "@pharos/kernel";
import { runKubernetesAgent } from "@pharos/node-agent";
import { connectKubernetesStore, inClusterCredentials, kubeconfigCredentials } from "@pharos/store/kubernetes";

/** Settings of `pharos agent --kubernetes`. */
export interface KubernetesAgentSettings {
  /** Name of this machine's core Node. */
  readonly nodeName: string;
  /** Absent: the node's label `pharos.io/host`, else its name. */
  readonly host?: string;
  readonly namespace: string;
  /** Absent: the pod's service account. */
  readonly kubeconfig?: string;
  /** `https://host:port` of the API server. */
  readonly apiServer?: string;
  /** Folders of the container runtime; empty: looked for below `root`, or without `conflist` none. */
  readonly cniConfDir: readonly string[];
  readonly cniBinDir: readonly string[];
  /** False: beside another network. */
  readonly conflist: boolean;
  /** Prefix of all paths of this host. */
  readonly root: string;
  /** The CNI plugin's executable. */
  readonly plugin: string;
  /** `host:port` of the health listener. */
  readonly health?: string;
}

/** The loop turns at least every 30 s. */
const LIVE_WITHIN_MS = 60_000;
/** By then the lists of the start are there. */
const SETTLED_MS = 15_000;
/** So often the memory is looked at. */
const RELEASE_MS = 5_000;
/** From one collection to the second. */
const BETWEEN_MS = 2000;
/** Growth of the resident memory, in bytes, that is worth a collection. */
const RELEASE_BYTES = 4 * 1024 * 1024;

/** Runs the agent of a Kubernetes node until `signal` aborts. */
export async function kubernetesAgentCommand(settings: KubernetesAgentSettings, log: Log, signal: AbortSignal): Promise<void> {
  const { nodeName, host, namespace, root, plugin, conflist } = settings;
  const credentials = await credentialsOf(settings);
  const options = { credentials, fieldManager: "pharos-agent", clock: systemClock, log, random: Math.random, newId: randomUUID };
  const store = connectKubernetesStore(options);
  openSysctls(log);
  const kernel = await linuxKernel({ root, log });
  const health = await openHealth(settings, log, signal);
  try {
    const config = {
      nodeName,
      ...(host === undefined ? {} : { host }),
      apiServer: credentials.server,
      namespace,
      store,
      kernel,
      root,
      pluginBinary: plugin,
      cniFolders: { confDirs: settings.cniConfDir, binDirs: settings.cniBinDir },
      conflist,
      clock: systemClock,
      log,
      ...health,
    };
    await Promise.all([runKubernetesAgent(config, signal), releaseMemory(signal)]);
  } finally {
    await store.close();
    await kernel.close();
  }
}

/** A refusal does not keep the agent from running: a revision that sets a sysctl then fails, and the report says so. */
function openSysctls(log: Log): void {
  try {
    if (makeSysctlsWritable()) log.info("/proc/sys was read-only in this container, and is writable now");
  } catch (error) {
    log.error(describeError(error));
  }
}

/**
 * Lists and storms of pods leave memory behind that V8 would give back only under pressure. A collection takes some 50 ms; a second one
 * drops the code of functions that nothing called since the first.
 */
async function releaseMemory(signal: AbortSignal): Promise<void> {
  let held = 0;
  await systemClock.sleep(SETTLED_MS, signal);
  while (!signal.aborted) {
    if (process.memoryUsage.rss() - held > RELEASE_BYTES) {
      collect();
      await systemClock.sleep(BETWEEN_MS, signal);
      collect();
      trimHeap();
      held = process.memoryUsage.rss();
    }
    await systemClock.sleep(RELEASE_MS, signal);
  }
}

function collect(): void {
  globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
}

function credentialsOf({ kubeconfig, apiServer }: KubernetesAgentSettings) {
  if (kubeconfig !== undefined) return kubeconfigCredentials(kubeconfig, apiServer);
  if (apiServer === undefined) throw new Error("no API server: outside a pod give --kubeconfig, or --api-server");
  return inClusterCredentials(apiServer);
}

/** Live while the loop turns; ready while pods can have a network. */
async function openHealth({ health: listen }: KubernetesAgentSettings, log: Log, signal: AbortSignal) {
  if (listen === undefined) return {};
  // Its metrics library is loaded only where somebody asks for it.
  const { heartbeat, serveHealth } = await import("./health-server.ts");
  const { beat: onRound, check: live } = heartbeat(systemClock, LIVE_WITHIN_MS);
  let missing: string | undefined = "no revision is committed yet";
  serveHealth({ listen, live, ready: () => missing, gauges: {}, log }, signal);
  const onMissing = (next: string | undefined) => {
    missing = next;
  };
  return { onRound, onMissing };
}
