import { join } from "node:path";
import type { Log } from "@pharos/base";
import type { Kernel } from "@pharos/kernel";
import { keepHostLease } from "@pharos/store/kubernetes";
import { hostOfNode } from "./cluster/host-of-node.ts";
import { type NodeSettings, nodeSurroundings } from "./cluster/node-surroundings.ts";
import { type CniFolders, cniFolders } from "./cni/cni-folders.ts";
import { runAgent } from "./run-agent.ts";
import { SNAPSHOT_FOLDER, SnapshotFolder } from "./snapshot.ts";
import type { SurroundingsInput } from "./surroundings.ts";

export interface KubernetesAgentConfig extends NodeSettings {
  /** Namespace of Pharos' own objects. */
  readonly namespace: string;
  readonly kernel: Kernel;
  /** Folders of the container runtime; where a list is empty they are looked for. */
  readonly cniFolders: CniFolders;
  readonly log: Log;
  /** After each round of the loop. */
  readonly onRound?: () => void;
}

/**
 * Runs the agent of a Kubernetes node until `signal` aborts. When the node's label makes it another host of the vehicle, it goes on
 * as that one.
 */
export async function runKubernetesAgent(config: KubernetesAgentConfig, signal: AbortSignal): Promise<void> {
  const { kernel, store, root, pluginBinary, namespace, nodeName, clock, onRound } = config;
  const folders = await cniFolders(config.cniFolders, config);
  const snapshots = new SnapshotFolder(join(root, SNAPSHOT_FOLDER), config.log);
  let known = config.host;
  while (!signal.aborted) {
    const waits = onRound === undefined ? {} : { onWait: onRound };
    const host = known ?? (await hostOfNode({ nodeName, snapshots, store, clock, log: config.log, ...waits }, signal));
    if (host === undefined) return;
    const log = config.log.child({ host });
    const turn = new AbortController();
    const ended = AbortSignal.any([signal, turn.signal]);
    const onHost = (next: string) => {
      known = next;
      turn.abort();
    };
    const surroundings = (input: SurroundingsInput) => nodeSurroundings(config, { folders, host, log, onHost }, input);
    const rounds = onRound === undefined ? {} : { onRound };
    await Promise.all([
      runAgent({ host, nodeName, kernel, store, root, pluginBinary, clock, log, surroundings, ...rounds }, ended),
      keepHostLease({ store, namespace, host, clock, log }, ended),
    ]);
  }
}
