import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { stringify } from "yaml";
import type { ApiServer } from "./api-server.ts";
import type { Machine } from "./machine.ts";
import type { Program } from "./program.ts";

export interface NodePrograms {
  readonly containerd: string;
  readonly ctr: string;
  /** Folder of containerd-shim-runc-v2. */
  readonly shimFolder: string;
  readonly runc: string;
  readonly kubelet: string;
  readonly kubeProxy: string;
}

export interface NodeSettings {
  readonly machine: Machine;
  readonly api: ApiServer;
  readonly programs: NodePrograms;
  /** Archives that the node's runtime gets, and the one among their images that holds pods' namespaces. */
  readonly images: readonly string[];
  readonly pauseImage: string;
  readonly dnsAddress: string;
}

/** A Kubernetes node: containerd, kubelet and kube-proxy on a machine. */
export interface ClusterNode {
  readonly name: string;
  readonly machine: Machine;
  /** Stops and starts kubelet and containerd; containers go on. */
  stopDaemons(): Promise<void>;
  startDaemons(): Promise<void>;
}

const SOCKET = "/run/containerd/containerd.sock";
const READY_MS = 30_000;

/** Starts a node; resolves when its daemons run (not yet when it is Ready: that takes a pod network). */
export async function startNode(settings: NodeSettings): Promise<ClusterNode> {
  const { machine, images, programs } = settings;
  const files = await writeFiles(settings);
  let running: readonly Program[] = [];
  const startDaemons = async () => {
    const containerd = machine.start("containerd", [
      "env",
      `PATH=${programs.shimFolder}:/usr/sbin:/usr/bin:/sbin:/bin`,
      programs.containerd,
      "--config",
      files.containerd,
    ]);
    running = [containerd];
    await untilAnswering(settings, containerd);
    const kubelet = machine.start("kubelet", [
      programs.kubelet,
      `--config=${files.kubelet}`,
      `--kubeconfig=${files.kubeconfig}`,
      `--hostname-override=${machine.name}`,
      `--node-ip=${addressOf(machine)}`,
    ]);
    running = [kubelet, containerd];
  };
  await startDaemons();
  for (const image of images) await importImage(settings, image);
  machine.start("kube-proxy", [programs.kubeProxy, `--config=${files.proxy}`]);
  const stopDaemons = async () => {
    for (const program of running) await program.stop();
  };
  return {
    name: machine.name,
    machine,
    stopDaemons,
    startDaemons,
  };
}

/** The nodes import at the same time: unpacking takes most of a cluster's start. */
async function importImage({ machine, programs }: NodeSettings, image: string): Promise<void> {
  const [program = "", ...args] = machine.inside([programs.ctr, "--address", SOCKET, "--namespace", "k8s.io", "images", "import", image]);
  await promisify(execFile)(program, args);
}

async function untilAnswering({ machine, programs }: NodeSettings, containerd: Program): Promise<void> {
  const deadline = performance.now() + READY_MS;
  while (performance.now() < deadline && containerd.isRunning()) {
    try {
      machine.run([programs.ctr, "--address", SOCKET, "version"]);
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  throw new Error(`containerd does not answer: read ${containerd.log}`);
}

interface NodeFiles {
  readonly containerd: string;
  readonly kubelet: string;
  readonly kubeconfig: string;
  readonly proxy: string;
}

async function writeFiles({ machine, api, programs, pauseImage, dnsAddress }: NodeSettings): Promise<NodeFiles> {
  const folder = join(machine.folder, "configuration");
  mkdirSync(folder, { recursive: true });
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const serving = await api.authority.issue({ commonName: `system:node:${machine.name}`, names: [machine.name, addressOf(machine)] });
  const kubelet = kubeletConfiguration(machine, dnsAddress, {
    authority: write("authority.pem", api.authority.certificate),
    certificate: write("serving.pem", serving.certificate),
    key: write("serving.key", serving.key),
  });
  const kubeconfig = await api.writeKubeconfig(`system:node:${machine.name}`, ["system:nodes"]);
  const proxyKubeconfig = await api.writeKubeconfig("system:kube-proxy");
  return {
    containerd: write("containerd.toml", containerdConfiguration(programs, pauseImage)),
    kubelet: write("kubelet.yaml", stringify(kubelet)),
    kubeconfig,
    proxy: write("kube-proxy.yaml", stringify(proxyConfiguration(machine, proxyKubeconfig))),
  };
}

function containerdConfiguration({ runc }: NodePrograms, pauseImage: string): string {
  return `version = 3
root = "/var/lib/containerd"
state = "/run/containerd"
[grpc]
  address = "${SOCKET}"
[plugins."io.containerd.cri.v1.runtime"]
  # CAP_SYS_RESOURCE may be missing here; without this runc then fails at start.
  restrict_oom_score_adj = true
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ["/opt/cni/bin"]
    use_internal_loopback = true
    conf_dir = "/etc/cni/net.d"
  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    pod_annotations = ["pharos.io/*"]
    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
      BinaryName = "${runc}"
[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "${pauseImage}"
`;
}

interface ServingFiles {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

function kubeletConfiguration(machine: Machine, dnsAddress: string, files: ServingFiles): object {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address: addressOf(machine),
    authentication: { x509: { clientCAFile: files.authority }, anonymous: { enabled: false } },
    tlsCertFile: files.certificate,
    tlsPrivateKeyFile: files.key,
    cgroupDriver: "cgroupfs",
    cgroupRoot: machine.cgroup,
    failCgroupV1: false,
    failSwapOn: false,
    localStorageCapacityIsolation: false,
    enforceNodeAllocatable: ["pods"],
    evictionHard: { "memory.available": "50Mi", "nodefs.available": "1%", "imagefs.available": "1%" },
    imageGCHighThresholdPercent: 100,
    clusterDNS: [dnsAddress],
    clusterDomain: "cluster.local",
    containerRuntimeEndpoint: `unix://${SOCKET}`,
    registerNode: true,
    syncFrequency: "5s",
    nodeStatusUpdateFrequency: "2s",
    shutdownGracePeriod: "0s",
  };
}

function proxyConfiguration(machine: Machine, kubeconfig: string): object {
  return {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: "nftables",
    hostnameOverride: machine.name,
    clientConnection: { kubeconfig },
    bindAddress: addressOf(machine),
    healthzBindAddress: "127.0.0.1:10256",
    metricsBindAddress: "127.0.0.1:10249",
    // Zero leaves the machine's own sysctls alone, which cannot be written here.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
    nftables: { minSyncPeriod: "0s", syncPeriod: "30s" },
  };
}

/** The machine's address without its prefix length. */
export function addressOf({ address }: Machine): string {
  return address.split("/")[0] ?? "";
}
