import { createHash } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pluginConfiguration } from "@pharos/attach";
import { PharosError } from "@pharos/base";
import { POD_NETWORK_DATA_PATH } from "@pharos/hoststate";
import { LAB_BAD_NAME, LAB_COMMAND_FAILED, LAB_UNKNOWN_PLACE } from "./codes.ts";
import { addNamespace, inNamespace, namespacePath, namespacePrefix, removeNamespace } from "./machines.ts";
import { tryRun } from "./run.ts";
import { type LabFolders, type LabPod, type LabState, writeState } from "./state.ts";

/** Folder below a host's root that the agent's directory runtime reads. */
const CONTAINER_FOLDER = "/run/pharos/containers";
/** Folder of the plugin's ledger below a host's root. */
const LEDGER_FOLDER = "/var/lib/pharos/ledger";

/** RFC 1123 label: the name becomes a part of a path below /run/netns. */
const POD_NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

export interface PodWish {
  readonly name: string;
  readonly podNamespace: string;
  readonly host: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Starts a pod: a namespace of its own, known to the host's agent as a running container without a network yet. */
export async function startPod(folders: LabFolders, state: LabState, wish: PodWish): Promise<{ state: LabState; pod: LabPod }> {
  if (!state.agents.includes(wish.host)) throw new PharosError(LAB_UNKNOWN_PLACE, `no host ${wish.host} with an agent`);
  for (const part of [wish.name, wish.podNamespace]) {
    if (!POD_NAME.test(part)) throw new PharosError(LAB_BAD_NAME, `"${part}"`);
  }
  const containerID = createHash("sha256").update(`${state.name}/${wish.host}/${wish.podNamespace}/${wish.name}`).digest("hex");
  const namespace = `${namespacePrefix(state.name)}-pod-${wish.podNamespace}-${wish.name}`;
  await addNamespace(namespace);
  const pod: LabPod = { name: wish.name, podNamespace: wish.podNamespace, host: wish.host, containerID, namespace };
  const next = { ...state, pods: [...state.pods, pod] };
  await writeState(folders, next);
  await describeContainer(folders, pod, wish);
  return { state: next, pod };
}

async function describeContainer(folders: LabFolders, pod: LabPod, wish: PodWish): Promise<void> {
  const folder = join(folders.host(pod.host), CONTAINER_FOLDER);
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${pod.containerID}.json`);
  const container = {
    id: pod.containerID,
    pod: { namespace: pod.podNamespace, name: pod.name },
    name: `${pod.name}_main`,
    labels: wish.labels,
    annotations: wish.annotations,
    netns: namespacePath(pod.namespace),
  };
  await writeFile(`${path}.tmp`, JSON.stringify(container));
  await rename(`${path}.tmp`, path);
}

/** Runs the CNI plugin for a pod on its host, as a container runtime would; answers the plugin's result. */
export async function callPlugin(
  folders: LabFolders,
  state: LabState,
  call: {
    readonly verb: "ADD" | "DEL" | "CHECK";
    readonly pod: LabPod;
    readonly plugin: string;
    readonly annotations: Readonly<Record<string, string>>;
  },
): Promise<string> {
  const { verb, pod, plugin } = call;
  const host = folders.host(pod.host);
  const places = { dataFile: join(host, POD_NETWORK_DATA_PATH), stateDir: join(host, LEDGER_FOLDER) };
  const config = pluginConfiguration(places, call.annotations);
  const variables = [
    `CNI_COMMAND=${verb}`,
    `CNI_CONTAINERID=${pod.containerID}`,
    `CNI_NETNS=${namespacePath(pod.namespace)}`,
    "CNI_IFNAME=eth0",
    "CNI_PATH=/opt/cni/bin",
    `CNI_ARGS=IgnoreUnknown=1;K8S_POD_NAMESPACE=${pod.podNamespace};K8S_POD_NAME=${pod.name}`,
  ];
  const hostSpace = state.namespaces[pod.host] ?? "";
  const finished = await tryRun("nsenter", inNamespace(hostSpace, ["env", ...variables, plugin]), JSON.stringify(config));
  if (finished.code === 0) return finished.stdout;
  throw new PharosError(LAB_COMMAND_FAILED, `plugin ${verb} for ${pod.name}: ${finished.stdout.trim() || finished.stderr.trim()}`);
}

/** Stops a pod: plugin DEL, then the namespace and the description go. */
export async function stopPod(folders: LabFolders, state: LabState, pod: LabPod, plugin: string): Promise<LabState> {
  await callPlugin(folders, state, { verb: "DEL", pod, plugin, annotations: {} });
  await rm(join(folders.host(pod.host), CONTAINER_FOLDER, `${pod.containerID}.json`), { force: true });
  await removeNamespace(pod.namespace);
  const next = { ...state, pods: state.pods.filter((other) => other.containerID !== pod.containerID) };
  await writeState(folders, next);
  return next;
}
