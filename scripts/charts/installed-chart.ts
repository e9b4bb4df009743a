import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog, systemClock } from "@pharos/base";
import { type ApiServer, requireKubeAsset, startApiServer } from "@pharos/lab/kubernetes";
import { connectKubernetesStore, type KubernetesStore, kubeconfigCredentials } from "@pharos/store/kubernetes";
import { stringify } from "yaml";
import { type HelmResult, helm } from "./helm.ts";

/** Namespace of the release. */
export const NAMESPACE = "pharos-system";

export interface Answer {
  readonly ok: boolean;
  /** What was written, and what was said. */
  readonly text: string;
}

/** A real API server, without controllers, that charts can be installed into. */
export interface ChartCluster {
  readonly server: ApiServer;
  helm(args: readonly string[]): HelmResult;
  /** kubectl as the administrator, or with another kubeconfig. */
  kubectl(args: readonly string[], stdin?: string, kubeconfig?: string): Answer;
  stop(): Promise<void>;
}

/** What the API server says its address is (RFC 5737); endpoints may not be loopback. */
export const ADVERTISED = "192.0.2.1";

/** Starts an API server in a temporary folder, which `stop` removes. */
export async function startChartCluster(env: NodeJS.ProcessEnv): Promise<ChartCluster> {
  const folder = mkdtempSync(join(tmpdir(), "pharos-chart-"));
  const programs = { etcd: requireKubeAsset("etcd", env), kubeApiserver: requireKubeAsset("kube-apiserver", env) };
  const server = await startApiServer({ folder, programs, args: [`--advertise-address=${ADVERTISED}`] });
  const helmHome = Object.fromEntries(
    ["HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"].map((name) => [name, join(folder, "helm")]),
  );
  return {
    server,
    helm: (args) => helm(args, { ...env, ...helmHome, KUBECONFIG: server.kubeconfig }),
    kubectl: (args, stdin = "", kubeconfig = server.kubeconfig) => {
      const command = ["--kubeconfig", kubeconfig, "--cache-dir", join(folder, "kubectl"), ...args];
      const { status, stdout, stderr } = spawnSync(requireKubeAsset("kubectl", env), command, { encoding: "utf8", input: stdin });
      return { ok: status === 0, text: `${stdout}${stderr}` };
    },
    stop: async () => {
      await server.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Makes a node, a pod of the agent on it, and gives the store that this pod's service account token opens. */
export async function agentOn(cluster: ChartCluster, node: string, host?: string): Promise<KubernetesStore> {
  const { server, kubectl } = cluster;
  const must = ({ ok, text }: Answer): string => {
    if (!ok) throw new Error(text);
    return text.trim();
  };
  const labels = host === undefined ? {} : { "pharos.io/host": host };
  must(kubectl(["apply", "-f", "-"], stringify({ apiVersion: "v1", kind: "Node", metadata: { name: node, labels } })));
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `agent-${node}`, namespace: NAMESPACE },
    spec: { nodeName: node, serviceAccountName: "pharos-agent", containers: [{ name: "agent", image: "pharos/pharos" }] },
  };
  must(kubectl(["apply", "-f", "-"], stringify(pod)));
  const bound = ["--bound-object-kind", "Pod", "--bound-object-name", `agent-${node}`];
  return storeOf(server, must(kubectl(["create", "token", "pharos-agent", "--namespace", NAMESPACE, ...bound])));
}

/** The store that a token opens. */
export async function storeOf(server: ApiServer, token: string): Promise<KubernetesStore> {
  const path = join(server.folder, `${crypto.randomUUID()}.kubeconfig`);
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name: "c",
        cluster: { server: server.url, "certificate-authority-data": Buffer.from(server.authority.certificate).toString("base64") },
      },
    ],
    users: [{ name: "u", user: { token } }],
    contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
    "current-context": "c",
  };
  writeFileSync(path, stringify(config), { mode: 0o600 });
  return openStore(path);
}

/** The store as an agent opens it. */
export async function openStore(kubeconfig: string): Promise<KubernetesStore> {
  return connectKubernetesStore({
    credentials: await kubeconfigCredentials(kubeconfig),
    fieldManager: "pharos-agent",
    clock: systemClock,
    log: silentLog,
    random: Math.random,
    newId: () => crypto.randomUUID(),
  });
}
