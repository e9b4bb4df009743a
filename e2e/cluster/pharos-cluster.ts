// The two-node Kubernetes of the cluster tier and of `make cluster`, with Pharos from the chart and the workloads of workloads.yaml.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Cluster, removeCluster, startCluster } from "@pharos/lab/kubernetes";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const CHART = join(REPOSITORY, "charts/pharos");
const IMAGES = ["pharos", "busybox", "pause", "coredns"] as const;
/** Ports that the machine outside serves HTTP on. */
export const OUTSIDE_PORT = 8080;
export const OTHER_PORT = 8081;
/** The namespace of Pharos. */
export const NAMESPACE = "pharos-system";

export interface PharosClusterOptions {
  /** At most 8 lower-case letters and digits; unique on this machine. */
  readonly name: string;
  readonly env: NodeJS.ProcessEnv;
  readonly onProgress: (line: string) => void;
}

/** The folder of a cluster's data. Not below /run or /var: each machine of the cluster has its own. */
export function clusterFolder(name: string): string {
  return join(tmpdir(), `pharos-cluster-${name}`);
}

/** Removes clusters called `PREFIX` and the pid of their maker, where the maker has ended without stopping them. */
export async function sweepClusters(prefix: string): Promise<void> {
  for (const folder of readdirSync(tmpdir())) {
    const [, name = "", pid] = new RegExp(`^pharos-cluster-(${prefix}(\\d+))$`).exec(folder) ?? [];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) await removeCluster(name, clusterFolder(name));
  }
}

/** Arguments of `helm install` and `helm upgrade`. */
export function chartArguments({ api }: Cluster): readonly string[] {
  return ["pharos", CHART, "--namespace", NAMESPACE, "--set", `apiServer.url=${api.url}`];
}

/** Starts the cluster and installs Pharos; resolves when the nodes are Ready and the workloads run. */
export async function startPharosCluster({ name, env, onProgress }: PharosClusterOptions): Promise<Cluster> {
  const images = IMAGES.map((image) => join(REPOSITORY, `dist/images/${image}.tar`));
  const missing = images.filter((image) => !existsSync(image));
  if (missing.length > 0) throw new Error(`${missing.join(", ")} missing: node scripts/build-images.ts --test`);
  const pauseImage = "docker.io/pharos-test/pause:1";
  const cluster = await startCluster({ name, folder: clusterFolder(name), env, images, pauseImage, onProgress });
  try {
    const server = fileURLToPath(new URL("outside-server.ts", import.meta.url));
    cluster.outside.start("server", [process.execPath, server, String(OUTSIDE_PORT), String(OTHER_PORT)]);
    cluster.helm(["install", ...chartArguments(cluster), "--create-namespace"]);
    onProgress("Pharos is installed");
    cluster.kubectl(["wait", "--for=condition=Ready", "nodes", "--all", "--timeout=120s"]);
    onProgress("the nodes are Ready");
    cluster.kubectl(["apply", "-f", "-"], readFileSync(new URL("workloads.yaml", import.meta.url), "utf8"));
    for (const workload of ["daemonset/pharos-agent", "deployment/pharos-operator"])
      cluster.kubectl(["rollout", "status", "--namespace", NAMESPACE, workload, "--timeout=120s"]);
    for (const workload of ["daemonset/server", "daemonset/client"]) cluster.kubectl(["rollout", "status", workload, "--timeout=120s"]);
    cluster.kubectl(["rollout", "status", "--namespace", "kube-system", "deployment/coredns", "--timeout=120s"]);
    onProgress("the workloads run");
    return cluster;
  } catch (error) {
    onProgress(describeFailure(cluster));
    await cluster.stop();
    throw error;
  }
}

/** What a person would look at first; never throws. */
export function describeFailure({ kubectl }: Cluster): string {
  const looks: readonly (readonly string[])[] = [
    ["get", "nodes,pods", "--all-namespaces", "--output", "wide"],
    ["get", "events", "--all-namespaces", "--field-selector", "type=Warning"],
    ["logs", "--namespace", NAMESPACE, "daemonset/pharos-agent", "--tail=20"],
    ["logs", "--namespace", NAMESPACE, "deployment/pharos-operator", "--tail=20"],
  ];
  return looks.map((args) => `--- kubectl ${args.join(" ")}\n${quietly(() => kubectl(args))}`).join("\n");
}

function quietly(call: () => string): string {
  try {
    return call();
  } catch (error) {
    return String(error);
  }
}
