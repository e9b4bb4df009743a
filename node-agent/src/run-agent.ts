import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, describeError, type Log } from "@pharos/base";
import { POD_NETWORK_DATA_PATH } from "@pharos/hoststate";
import type { Kernel } from "@pharos/kernel";
import { LEDGER_FOLDER, readLedger } from "@pharos/ledger";
import type { Reader, Store } from "@pharos/store";
import { Agent } from "./agent.ts";
import { blockUse, entriesOfBoot } from "./block-use.ts";
import { builtInRevision } from "./built-in-revision.ts";
import { ConditionTimes } from "./condition-times.ts";
import { directoryRuntime } from "./pods/directory-runtime.ts";
import { PodKeeper } from "./pods/pod-keeper.ts";
import { NO_CONTAINERS } from "./pods/runtime.ts";
import { RefusedAccess } from "./refused-access.ts";
import { type AgentStanding, reportStatus } from "./report.ts";
import { Reporter } from "./reporter.ts";
import { RoundCall } from "./round-call.ts";
import { readSeed } from "./seed.ts";
import { SNAPSHOT_FOLDER, SnapshotFolder } from "./snapshot.ts";
import { viewStore } from "./store-view.ts";
import type { Surroundings, SurroundingsInput } from "./surroundings.ts";

/** Containers of a runtime that has no API of its own. */
const CONTAINER_FOLDER = "/run/pharos/containers";
const SEED_PATH = "/etc/pharos/seed.yaml";
/** The kernel's name for this boot (random(4)); also in a container the machine's own. */
const BOOT_ID_PATH = "/proc/sys/kernel/random/boot_id";
const EVENTS_RETRY_MS = 1000;

export interface AgentConfig {
  /** The SoC or VM of the Node document that this machine is. */
  readonly host: string;
  /** The Kubernetes node that it is; absent outside Kubernetes. */
  readonly nodeName?: string;
  readonly kernel: Kernel;
  readonly store: Store;
  /** Reads the store in a way that takes less memory; absent: the store itself. */
  readonly reader?: Reader;
  /** Prefix of all paths: `/` on a real host, a folder per host in the lab. */
  readonly root: string;
  /** The CNI plugin's executable. */
  readonly pluginBinary: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Opens what the agent lives in; absent: nothing but kernel and store. */
  readonly surroundings?: (input: SurroundingsInput) => Surroundings;
  /** After each round of the loop. */
  readonly onRound?: () => void;
}

/** Runs a host's agent until `signal` aborts. What runs in the kernel stays. */
export async function runAgent(config: AgentConfig, signal: AbortSignal): Promise<void> {
  const { host, kernel, store, root, clock, log } = config;
  const wake = new RoundCall(clock);
  const node = config.nodeName === undefined ? {} : { nodeName: config.nodeName };
  const reporter = new Reporter({ store, host, clock, log, ...node });
  const ledger = await ledgerOfBoot(root);
  const seed = await readSeed(join(root, SEED_PATH), log);
  const times = new ConditionTimes(clock);
  let standing: AgentStanding | undefined;
  const publish = () => {
    if (standing === undefined) return;
    const blocks = blockUse(standing.running, host, ledger());
    const findings = [...(around?.findings() ?? []), ...refused.findings(), ...standing.findings];
    const conditions = around === undefined ? [] : times.stamped([...around.conditions(), refused.condition()]);
    reporter.publish(reportStatus({ ...standing, findings, blocks, conditions, since: times.since("Ready", standing.state) }));
  };
  const refused = new RefusedAccess(() => {
    wake.call("live");
    publish();
  });
  const around = config.surroundings?.({
    signal,
    isCommitted: () => standing?.running !== undefined,
    onParts: () => wake.call("live"),
    onStanding: publish,
    onHeard: (collection, error) => refused.heard(collection, error),
  });
  const view = viewStore({
    store: config.reader ?? store,
    host,
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
    onHeard: (kind, error) => refused.heard(kind, error),
  });
  const keeper = podKeeper(config, { ledger, podNetworks: () => view.podNetworks(), isReady: () => standing?.running !== undefined });
  const hasNoRevision = () => view.hasTold() || refused.has("ConfigRevision");
  const agent = new Agent({
    host,
    kernel,
    snapshots: new SnapshotFolder(join(root, SNAPSHOT_FOLDER), log),
    initial: ({ cluster }) => seed ?? (cluster !== undefined && hasNoRevision() ? builtInRevision() : undefined),
    view: {
      newestRevision: () => view.newestRevision(),
      live: () => ({ ...view.live(), ...(around === undefined ? {} : { cluster: around.parts() }) }),
    },
    wake,
    clock,
    log,
    onStanding: (next) => {
      standing = next;
      publish();
      keeper.call();
      around?.standingChanged();
    },
    ...(config.onRound === undefined ? {} : { onRound: config.onRound }),
  });
  const parts = [agent.run(signal), reporter.run(signal), keeper.run(signal), listen(config, wake, signal), view.finished];
  await Promise.all([...parts, around?.finished]);
}

/** Reads the attachments that hold at this moment. */
async function ledgerOfBoot(root: string) {
  const stateDir = join(root, LEDGER_FOLDER);
  const bootId = (await readFile(BOOT_ID_PATH, "utf8")).trim();
  return () => entriesOfBoot(readLedger(stateDir), bootId);
}

function podKeeper(
  { host, store, root, pluginBinary, clock, log, surroundings }: AgentConfig,
  seen: Pick<ConstructorParameters<typeof PodKeeper>[0], "ledger" | "podNetworks" | "isReady">,
): PodKeeper {
  const places = { dataFile: join(root, POD_NETWORK_DATA_PATH), stateDir: join(root, LEDGER_FOLDER) };
  // On Kubernetes kubelet has pods attached, and what it was told of a pod's address never changes.
  const runtime = surroundings === undefined ? directoryRuntime(join(root, CONTAINER_FOLDER), log) : NO_CONTAINERS;
  return new PodKeeper({ host, store, runtime, plugin: { binary: pluginBinary, ...places }, ...seen, clock, log });
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
