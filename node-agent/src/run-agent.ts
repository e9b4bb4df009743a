import { join } from "node:path";
import { type Clock, describeError, type Log } from "@pharos/base";
import type { Kernel } from "@pharos/kernel";
import type { HostReportStatus } from "@pharos/kinds";
import type { Store } from "@pharos/store";
import { Agent } from "./agent.ts";
import { blockUse } from "./block-use.ts";
import { builtInRevision } from "./built-in-revision.ts";
import { ConditionTimes } from "./condition-times.ts";
import { type HostPods, hostPods } from "./pods/host-pods.ts";
import { RefusedAccess } from "./refused-access.ts";
import { type AgentStanding, reportStatus } from "./report.ts";
import { Reporter } from "./reporter.ts";
import { RoundCall } from "./round-call.ts";
import { readSeed } from "./seed.ts";
import { SNAPSHOT_FOLDER, SnapshotFolder } from "./snapshot.ts";
import { viewStore } from "./store-view.ts";
import type { Surroundings, SurroundingsInput } from "./surroundings.ts";

const SEED_PATH = "/etc/pharos/seed.yaml";
const EVENTS_RETRY_MS = 1000;

export interface AgentConfig {
  /** The SoC or VM of the Node document that this machine is. */
  readonly host: string;
  /** The Kubernetes node that it is; absent outside Kubernetes. */
  readonly nodeName?: string;
  readonly kernel: Kernel;
  readonly store: Store;
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
  const seed = await readSeed(join(root, SEED_PATH), log);
  const times = new ConditionTimes(clock);
  let standing: AgentStanding | undefined;
  const publish = () => {
    if (standing !== undefined)
      reporter.publish(statusOf(standing, { host, times, refused, pods, ...(around === undefined ? {} : { around }) }));
  };
  const isReady = () => standing?.running !== undefined;
  const refused = new RefusedAccess(() => {
    wake.call("live");
    publish();
  });
  const around = config.surroundings?.({
    signal,
    isCommitted: isReady,
    onParts: () => wake.call("live"),
    onStanding: publish,
    onHeard: (collection, error) => refused.heard(collection, error),
  });
  const view = viewStore({
    ...{ store, host, clock, log, signal },
    onRevision: () => wake.call("revision"),
    onPods: () => {
      wake.call("live");
      pods.storeChanged();
      publish();
    },
    onServices: () => wake.call("live"),
    onContact: () => reporter.storeChanged(),
    onHeard: (kind, error) => refused.heard(kind, error),
  });
  const pods = hostPods({
    ...config,
    ...(around === undefined ? {} : { annotatePod: around.annotatePod }),
    podNetworks: () => view.podNetworks(),
    isReady,
    onLedger: () => wake.call("live"),
    onStanding: publish,
  });
  const hasNoRevision = () => view.hasTold() || refused.has("ConfigRevision");
  const agent = new Agent({
    host,
    kernel,
    snapshots: new SnapshotFolder(join(root, SNAPSHOT_FOLDER), log),
    initial: ({ cluster }) => seed ?? (cluster !== undefined && hasNoRevision() ? builtInRevision() : undefined),
    view: {
      newestRevision: () => view.newestRevision(),
      live: () => ({ ...view.live(), ...(around === undefined ? {} : { cluster: around.parts() }) }),
      ownPods: () => pods.podNetworks(),
    },
    wake,
    clock,
    log,
    onStanding: (next) => {
      standing = next;
      publish();
      pods.standingChanged();
      around?.standingChanged();
    },
    ...(config.onRound === undefined ? {} : { onRound: config.onRound }),
  });
  const listening = listen(config, [() => wake.call("kernel"), () => pods.kernelChanged()], signal);
  const parts = [agent.run(signal), reporter.run(signal), pods.run(signal), listening, view.finished];
  await Promise.all([...parts, around?.finished]);
}

interface StandingParts {
  readonly host: string;
  readonly times: ConditionTimes;
  readonly refused: RefusedAccess;
  readonly pods: HostPods;
  readonly around?: Surroundings;
}

/** How the agent and all that is around it stand, for the host's report. */
function statusOf(standing: AgentStanding, { host, times, refused, pods, around }: StandingParts): HostReportStatus {
  const blocks = blockUse(standing.running, host, pods.ledger());
  const findings = [...(around?.findings() ?? []), ...refused.findings(), ...standing.findings];
  const cluster = around === undefined ? [] : [...around.conditions(), refused.condition()];
  const conditions = times.stamped([...cluster, ...pods.conditions()]);
  return reportStatus({ ...standing, findings, blocks, conditions, since: times.since("Ready", standing.state) });
}

/** Every change in the kernel, ours or not, wakes the loop: it looks, and does nothing when all is as it should be. */
async function listen(config: AgentConfig, listeners: readonly (() => void)[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const event of config.kernel.events(signal)) {
        if (event.section === "overrun") config.log.debug("kernel events were lost, looking at everything");
        for (const onEvent of listeners) onEvent();
      }
    } catch (error) {
      config.log.warn("kernel events ended, listening again", { error: describeError(error) });
      for (const onEvent of listeners) onEvent();
    }
    await config.clock.sleep(EVENTS_RETRY_MS, signal);
  }
}
