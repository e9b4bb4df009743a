import { type Clock, describeError, type Log } from "@pharos/base";
import { type ApiObject, callOf, type KubernetesStore, pathOf } from "@pharos/store/kubernetes";
import type { SnapshotFolder } from "../snapshot.ts";
import { NODES } from "./cluster-view.ts";
import { coreNode } from "./core-objects.ts";

const RETRY_MS = { first: 250, last: 5000 };

export interface HostQuestion {
  readonly nodeName: string;
  readonly snapshots: SnapshotFolder;
  readonly store: Pick<KubernetesStore, "transport">;
  readonly clock: Clock;
  readonly log: Log;
  /** After each time that the API server was asked in vain. */
  readonly onWait?: () => void;
}

/**
 * The SoC or VM that a Kubernetes node is: what the disk says from the last time, so that a host comes up without the API server; else
 * its core Node, waited for. Undefined when `signal` aborts.
 */
export async function hostOfNode(
  { nodeName, snapshots, store, clock, log, onWait }: HostQuestion,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { live } = await snapshots.read();
  const known = live.cluster?.nodes.find(({ name }) => name === nodeName);
  if (known !== undefined) return known.host;
  let wait = RETRY_MS.first;
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    try {
      const place = { name: nodeName };
      const request = { call: callOf("get", NODES, place), method: "GET", path: pathOf(NODES, place) } as const;
      const { hostLabel } = coreNode(await store.transport.call<ApiObject>(request));
      return hostLabel ?? nodeName;
    } catch (error) {
      if (isFirst) log.warn("cannot learn which host this node is, trying again", { node: nodeName, error: describeError(error) });
    }
    onWait?.();
    await clock.sleep(wait, signal);
    wait = Math.min(wait * 2, RETRY_MS.last);
  }
  return undefined;
}
