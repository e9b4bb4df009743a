import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, describeError, type Log } from "@pharos/base";
import { POD_NETWORK_DATA_PATH } from "@pharos/hoststate";
import type { Kernel } from "@pharos/kernel";
import { LEDGER_FOLDER, readLedger } from "@pharos/ledger";
import type { Store } from "@pharos/store";
import { Agent } from "./agent.ts";
import { blockUse, entriesOfBoot } from "./block-use.ts";
import { directoryRuntime } from "./pods/directory-runtime.ts";
import { PodKeeper } from "./pods/pod-keeper.ts";
import { type AgentStanding, reportStatus } from "./report.ts";
import { Reporter } from "./reporter.ts";
import { RoundCall } from "./round-call.ts";
import { readSeed } from "./seed.ts";
import { SnapshotFolder } from "./snapshot.ts";
import { viewStore } from "./store-view.ts";

/** Where the agent keeps its snapshots, below the host's root. */
const SNAPSHOT_FOLDER = "/var/lib/pharos/agent";
/** Containers of a runtime that has no API of its own. */
const CONTAINER_FOLDER = "/run/pharos/containers";
const SEED_PATH = "/etc/pharos/seed.yaml";
/** The kernel's name for this boot (random(4)); also in a container the machine's own. */
const BOOT_ID_PATH = "/proc/sys/kernel/random/boot_id";
const EVENTS_RETRY_MS = 1000;

export interface AgentConfig {
  /** The SoC or VM of the Node document that this machine is. */
  readonly host: string;
  readonly kernel: Kernel;
  readonly store: Store;
  /** Prefix of all paths: `/` on a real host, a folder per host in the lab. */
  readonly root: string;
  /** The CNI plugin's executable. */
  readonly pluginBinary: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Runs a host's agent until `signal` aborts. What runs in the kernel stays. */
export async function runAgent(config: AgentConfig, signal: AbortSignal): Promise<void> {
  const { host, kernel, store, root, clock, log } = config;
  const wake = new RoundCall(clock);
  const reporter = new Reporter({ store, host, clock, log });
  const stateDir = join(root, LEDGER_FOLDER);
  const bootId = (await readFile(BOOT_ID_PATH, "utf8")).trim();
  const ledger = () => entriesOfBoot(readLedger(stateDir), bootId);
  const seed = await readSeed(join(root, SEED_PATH), log);
  let standing: AgentStanding | undefined;
  let since = "";
  const publish = () => {
    if (standing === undefined) return;
    const blocks = blockUse(standing.running, host, ledger());
    reporter.publish(reportStatus({ ...standing, blocks, since }));
  };
  const view = viewStore({
    store,
    clock,
    log,
    signal,
    onRevision: () => wake.call("revision"),
    onPods: () => {
      wake.call("live");
      keeper.call();
      publish();
    },
    onServices: () => wake.call("live"),
    onContact: () => reporter.storeChanged(),
  });
  const keeper = new PodKeeper({
    host,
    store,
    runtime: directoryRuntime(join(root, CONTAINER_FOLDER), log),
    plugin: { binary: config.pluginBinary, dataFile: join(root, POD_NETWORK_DATA_PATH), stateDir },
    ledger,
    podNetworks: () => view.podNetworks(),
    isReady: () => standing?.running !== undefined,
    clock,
    log,
  });
  const agent = new Agent({
    host,
    kernel,
    snapshots: new SnapshotFolder(join(root, SNAPSHOT_FOLDER), log),
    ...(seed === undefined ? {} : { seed }),
    view,
    wake,
    clock,
    log,
    onStanding: (next) => {
      if (standing?.state !== next.state) since = new Date(clock.now()).toISOString();
      standing = next;
      publish();
      keeper.call();
    },
  });
  await Promise.all([agent.run(signal), reporter.run(signal), keeper.run(signal), listen(config, wake, signal), view.finished]);
}

/** Every change in the kernel, ours or not, wakes the loop: it looks, and does nothing when all is as it should be. */
async function listen(config: AgentConfig, wake: RoundCall, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const event of config.kernel.events(signal)) {
        if (event.section === "overrun") config.log.debug("kernel events were lost, looking at everything");
        wake.call("kernel");
      }
    } catch (error) {
      config.log.warn("kernel events ended, listening again", { error: describeError(error) });
      wake.call("kernel");
    }
    await config.clock.sleep(EVENTS_RETRY_MS, signal);
  }
}
