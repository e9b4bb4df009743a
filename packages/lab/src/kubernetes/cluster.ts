import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { type ApiServer, startApiServer } from "./api-server.ts";
import { requireKubeAsset } from "./assets.ts";
import { type Machine, makeMachine, removeMachine, runProgram } from "./machine.ts";
import { type ClusterNode, startNode } from "./node.ts";
import { type Program, startProgram } from "./program.ts";

export interface ClusterSettings {
  /** At most 8 lower-case letters and digits; unique on this machine. */
  readonly name: string;
  /** Takes all data, certificates and logs; removed by `stop`. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** Image archives for every node. */
  readonly images: readonly string[];
  readonly pauseImage: string;
  readonly onProgress: (line: string) => void;
}

/** A real Kubernetes of two nodes on this machine. */
export interface Cluster {
  readonly api: ApiServer;
  readonly network: NodeNetwork;
  readonly nodes: readonly ClusterNode[];
  /** A machine outside the cluster, on the nodes' network. */
  readonly outside: Machine;
  /** kubectl as the administrator; throws with its message when it fails. */
  kubectl(args: readonly string[], input?: string): string;
  helm(args: readonly string[]): string;
  stop(): Promise<void>;
}

/** Network of the nodes: the host is this machine, where the API server and the controllers run. */
export interface NodeNetwork {
  readonly host: string;
  readonly nodes: readonly string[];
  readonly outside: string;
  readonly length: number;
}

/** A network of the cluster's own, so that clusters of two names can run at once: 172.30.N.0/24, N from the name. */
export function nodeNetwork(name: string): NodeNetwork {
  const hash = [...name].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 254, 7);
  const prefix = `172.30.${hash}`;
  return { host: `${prefix}.1`, nodes: [`${prefix}.11`, `${prefix}.12`], outside: `${prefix}.100`, length: 24 };
}

export const POD_RANGE = "10.244.0.0/16";
export const SERVICE_RANGE = "10.96.0.0/16";
export const DNS_ADDRESS = "10.96.0.10";

/** Starts it; what a killed cluster of the same name left is removed first. Nodes become Ready once a pod network is installed. */
export async function startCluster(settings: ClusterSettings): Promise<Cluster> {
  const { name, folder, env, onProgress } = settings;
  const bridge = `${name}-br`;
  const network = nodeNetwork(name);
  await removeCluster(name, folder);
  mkdirSync(folder, { recursive: true });
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const step of undo.reverse()) await step();
    await removeCluster(name, folder);
  };
  try {
    runProgram(["ip", "link", "add", bridge, "type", "bridge"]);
    runProgram(["ip", "link", "set", bridge, "up"]);
    runProgram(["ip", "address", "add", `${network.host}/${network.length}`, "dev", bridge]);
    const asset = (program: string) => requireKubeAsset(program, env);
    const api = await startApiServer({
      folder: join(folder, "api"),
      programs: { etcd: asset("etcd"), kubeApiserver: asset("kube-apiserver") },
      address: network.host,
      serviceRange: SERVICE_RANGE,
    });
    undo.push(() => api.stop());
    onProgress("the API server answers");
    for (const program of await startControllers(api, folder, asset)) undo.push(() => program.stop());
    const [outsideName = "", ...nodeNames] = machineNames(name);
    const outside = await machineOf(settings, network, { name: outsideName, address: network.outside });
    const machines: Machine[] = [];
    for (const [index, address] of network.nodes.entries())
      machines.push(await machineOf(settings, network, { name: nodeNames[index] ?? "", address }));
    const nodes = await Promise.all(machines.map((machine) => startNode({ ...nodeSettings(settings, asset), machine, api })));
    onProgress("the nodes' daemons run");
    const kubectl = (args: readonly string[], input?: string) =>
      runProgram([asset("kubectl"), "--kubeconfig", api.kubeconfig, ...args], input);
    const helm = (args: readonly string[]) => runProgram([asset("helm"), "--kubeconfig", api.kubeconfig, ...args]);
    return { api, network, nodes, outside, kubectl, helm, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The machine outside, then the nodes. */
function machineNames(name: string): readonly string[] {
  return ["out", "n1", "n2"].map((suffix) => `${name}-${suffix}`);
}

/** Takes away what a cluster of this name has on this machine but the API server and controllers, which end with their starter. */
export async function removeCluster(name: string, folder: string): Promise<void> {
  await Promise.all(machineNames(name).map((machine) => removeMachine(machine)));
  spawnSync("ip", ["link", "delete", `${name}-br`]);
  rmSync(folder, { recursive: true, force: true });
}

function machineOf(
  settings: ClusterSettings,
  network: NodeNetwork,
  { name, address }: { readonly name: string; readonly address: string },
): Promise<Machine> {
  return makeMachine({
    name,
    folder: join(settings.folder, name),
    bridge: `${settings.name}-br`,
    address: `${address}/${network.length}`,
    gateway: network.host,
  });
}

function nodeSettings({ images, pauseImage }: ClusterSettings, asset: (program: string) => string) {
  return {
    images,
    pauseImage,
    dnsAddress: DNS_ADDRESS,
    programs: {
      containerd: asset("containerd"),
      ctr: asset("ctr"),
      shimFolder: dirname(asset("containerd-shim-runc-v2")),
      runc: "/usr/sbin/runc",
      kubelet: asset("kubelet"),
      kubeProxy: asset("kube-proxy"),
    },
  };
}

async function startControllers(api: ApiServer, folder: string, asset: (program: string) => string): Promise<readonly Program[]> {
  const manager = await api.writeKubeconfig("system:kube-controller-manager", ["system:masters"]);
  const scheduler = await api.writeKubeconfig("system:kube-scheduler", ["system:masters"]);
  const commands = {
    "kube-controller-manager": [
      `--kubeconfig=${manager}`,
      "--allocate-node-cidrs=true",
      `--cluster-cidr=${POD_RANGE}`,
      `--service-cluster-ip-range=${SERVICE_RANGE}`,
      `--service-account-private-key-file=${api.serviceAccountKey}`,
      `--root-ca-file=${join(api.folder, "authority.pem")}`,
      "--use-service-account-credentials=true",
      "--leader-elect=false",
      "--secure-port=0",
      "--node-monitor-grace-period=20s",
    ],
    "kube-scheduler": [`--kubeconfig=${scheduler}`, "--leader-elect=false", "--secure-port=0"],
  };
  return Object.entries(commands).map(([program, args]) =>
    startProgram({ command: [asset(program), ...args], log: join(folder, `${program}.log`) }),
  );
}
