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

/** Starts an API server in a temporary folder, which `stop` removes; `argsIn` gives arguments for it beyond ours. */
export async function startChartCluster(
  env: NodeJS.ProcessEnv,
  argsIn: (folder: string) => readonly string[] = () => [],
): Promise<ChartCluster> {
  const folder = mkdtempSync(join(tmpdir(), "pharos-chart-"));
  const programs = { etcd: requireKubeAsset("etcd", env), kubeApiserver: requireKubeAsset("kube-apiserver", env) };
  const server = await startApiServer({ folder, programs, args: [`--advertise-address=${ADVERTISED}`, ...argsIn(folder)] });
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

/** Makes a node, a pod of the agent on it, and gives a kubeconfig with that pod's service account token. */
export function agentOn({ server, kubectl }: ChartCluster, node: string, host?: string): string {
  const labels = host === undefined ? {} : { "pharos.io/host": host };
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `agent-${node}`, namespace: NAMESPACE },
    spec: { nodeName: node, serviceAccountName: "pharos-agent", containers: [{ name: "agent", image: "pharos/pharos" }] },
  };
  for (const object of [{ apiVersion: "v1", kind: "Node", metadata: { name: node, labels } }, pod]) {
    const { ok, text } = kubectl(["apply", "--server-side", "-f", "-"], stringify(object));
    if (!ok) throw new Error(text);
  }
  return tokenKubeconfig({ server, kubectl }, "agent", ["--bound-object-kind", "Pod", "--bound-object-name", `agent-${node}`]);
}

/** A kubeconfig with a token of a part's service account. */
export function tokenKubeconfig(
  { server, kubectl }: Pick<ChartCluster, "server" | "kubectl">,
  part: string,
  bound: readonly string[] = [],
): string {
  const { ok, text } = kubectl(["create", "token", `pharos-${part}`, "--namespace", NAMESPACE, ...bound]);
  if (!ok) throw new Error(text);
  const path = join(server.folder, `${crypto.randomUUID()}.kubeconfig`);
  const authority = Buffer.from(server.authority.certificate).toString("base64");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "c", cluster: { server: server.url, "certificate-authority-data": authority } }],
    users: [{ name: "u", user: { token: text.trim() } }],
    contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
    "current-context": "c",
  };
  writeFileSync(path, stringify(config), { mode: 0o600 });
  return path;
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
