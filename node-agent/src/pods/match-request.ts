import type { PodNetwork } from "@pharos/kinds";
import type { RunningContainer } from "./runtime.ts";

/** Labels (Podman) or annotations (Kubernetes) by which Piccolo marks what belongs to a scenario. */
const PICCOLO_MARKS = ["scenario", "package", "model"].map((what) => `io.pullpiri.annotations.${what}`);

/** A request of RequestNetworkPod that this host may have to answer. */
export function isPendingRequest(podNetwork: PodNetwork, host: string): boolean {
  return (podNetwork.status?.phase ?? "Pending") === "Pending" && isRequestFor(podNetwork, host);
}

/** A request whose pods were attached, here or on another host. */
export function isAttachedRequest(podNetwork: PodNetwork, host: string): boolean {
  return podNetwork.status?.phase === "Attached" && isRequestFor(podNetwork, host);
}

function isRequestFor({ spec }: PodNetwork, host: string): boolean {
  return spec.request !== undefined && (spec.host === undefined || spec.host === "" || spec.host === host);
}

/**
 * The containers that a request's `pod_name` means. Piccolo sends a scenario's name there, so the first of these that
 * finds any decides: pod name (`namespace/name`, bare: `default`), the marks of Piccolo, container name.
 */
export function matchContainers(podName: string, containers: readonly RunningContainer[]): readonly RunningContainer[] {
  const { namespace, name } = splitPodName(podName);
  const byPod = containers.filter(({ pod }) => pod.name === name && pod.namespace === namespace);
  if (byPod.length > 0) return byPod;
  const byMark = containers.filter((container) => PICCOLO_MARKS.some((mark) => markOf(container, mark) === podName));
  if (byMark.length > 0) return byMark;
  return containers.filter((container) => container.name === podName);
}

function markOf(container: RunningContainer, mark: string): string | undefined {
  return container.labels[mark] ?? container.annotations[mark];
}

/** The pod that a request names: `namespace/name`, bare: of `default`. */
export function splitPodName(podName: string): { readonly namespace: string; readonly name: string } {
  const at = podName.indexOf("/");
  return at === -1 ? { namespace: "default", name: podName } : { namespace: podName.slice(0, at), name: podName.slice(at + 1) };
}
