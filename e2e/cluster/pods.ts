import { systemClock } from "@pharos/base";
import type { Cluster } from "@pharos/lab/kubernetes";
import { SteadyPing } from "../probe/steady.ts";

/** A running pod. */
export interface PodPlace {
  readonly name: string;
  readonly uid: string;
  readonly address: string;
  readonly node: string;
}

interface PodObject {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string };
  readonly spec: { readonly nodeName?: string };
  readonly status: { readonly podIP?: string; readonly phase: string };
}

/** The pod of a DaemonSet on the first or second node. */
export function podOn(cluster: Cluster, app: string, index: 0 | 1): PodPlace {
  const node = nodeName(cluster, index);
  const { items } = JSON.parse(cluster.kubectl(["get", "pods", "--selector", `app=${app}`, "--output", "json"])) as {
    readonly items: readonly PodObject[];
  };
  const running = items.find(
    ({ metadata, spec, status }) => spec.nodeName === node && status.phase === "Running" && metadata.deletionTimestamp === undefined,
  );
  if (running?.status.podIP === undefined) throw new Error(`no pod of ${app} runs on ${node}`);
  return { name: running.metadata.name, uid: running.metadata.uid, address: running.status.podIP, node };
}

/** Name of a Kubernetes node. */
export function nodeName({ nodes }: Cluster, index: 0 | 1): string {
  return nodes[index]?.name ?? "";
}

/** Runs a program in a pod; undefined when it fails. */
export function tryInPod({ kubectl }: Cluster, pod: PodPlace, command: readonly string[]): string | undefined {
  try {
    return kubectl(["exec", pod.name, "--", ...command]).trim();
  } catch {
    return undefined;
  }
}

/**
 * The body that an HTTP server on `host:port` answers a pod with; undefined when nothing comes within two seconds.
 * Not busybox's wget: linked statically, it crashes where it looks up the port of http.
 */
export function fetchFrom(cluster: Cluster, pod: PodPlace, server: string): string | undefined {
  const [host = "", port = "80"] = server.split(":");
  const answer = tryInPod(cluster, pod, ["sh", "-c", `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 2 ${host} ${port}`]);
  return answer === undefined || !answer.startsWith("HTTP/") ? undefined : answer.split("\n").at(-1)?.trim();
}

/** Pings another pod from inside a pod's network namespace, past kubelet, until stopped. */
export function steadyPing(cluster: Cluster, from: PodPlace, to: PodPlace): SteadyPing {
  return new SteadyPing({ pid: processOf(cluster, from) }, to.address);
}

/** Some process of a pod, by its cgroup. */
function processOf({ nodes }: Cluster, { uid, node }: PodPlace): number {
  const machine = nodes.find(({ name }) => name === node)?.machine;
  const pid = machine?.groups().find(({ path, pids }) => path.includes(`pod${uid}/`) && pids.length > 0)?.pids[0];
  if (pid === undefined) throw new Error(`pod ${uid} has no process on ${node}`);
  return pid;
}

/** Repeats until the check passes; throws its last failure. */
export async function eventually<T>(check: () => T, withinMs = 30_000): Promise<T> {
  const end = systemClock.monotonic() + withinMs;
  for (;;) {
    try {
      return check();
    } catch (error) {
      if (systemClock.monotonic() > end) throw error;
    }
    await systemClock.sleep(300);
  }
}
