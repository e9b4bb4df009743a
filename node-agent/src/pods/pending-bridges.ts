import type { PodNetwork } from "@pharos/kinds";
import { splitPodName } from "./match-request.ts";

/** A pod that does not run yet, and the bridge that a request wants it on. */
export interface PendingBridge {
  readonly namespace: string;
  readonly name: string;
  readonly bridge: string;
}

/** Names become parts of a path. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,252}$/;

/** What the plugin has to know of pending requests when a pod's ADD comes; of several for one pod the last one counts. */
export function pendingBridges(pending: readonly PodNetwork[]): readonly PendingBridge[] {
  const ordered = [...pending].sort((a, b) => ((a.spec.request?.requestedAt ?? "") < (b.spec.request?.requestedAt ?? "") ? -1 : 1));
  const byPod = new Map<string, PendingBridge>();
  for (const { spec } of ordered) {
    const { namespace, name } = splitPodName(spec.request?.podName ?? "");
    const { bridge = "" } = spec;
    if (bridge !== "" && NAME.test(namespace) && NAME.test(name)) byPod.set(`${namespace}/${name}`, { namespace, name, bridge });
  }
  return [...byPod.values()];
}
