import { spawn } from "node:child_process";
import { PharosError, systemClock } from "@pharos/base";
import {
  callPlugin,
  inNamespace,
  isAlive,
  LAB_UNKNOWN_PLACE,
  type LabPod,
  type LabState,
  labDown,
  labUp,
  listLabs,
  namespaceOf,
  readState,
  startPod,
  stopPod,
} from "@pharos/lab";
import { ApiClient } from "../api-client.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { foldersOf, type LabPlace } from "../lab-place.ts";
import { type OutputFormat, printValue, type Terminal, table } from "../terminal.ts";
import { readVehicleFiles, requireVehicle } from "../vehicle-files.ts";

/** How long `lab up` waits until the control plane answers, in ms. */
const READY_MS = 30_000;

export interface LabUpOptions {
  readonly name: string;
  readonly files: readonly string[];
  /** Leaves the documents to somebody else: only machines, agents and an empty control plane. */
  readonly apply: boolean;
  readonly callback?: string;
}

/** `lab up`: machines, agents and control plane, then the documents. */
export async function labUpCommand(options: LabUpOptions, place: LabPlace, terminal: Terminal): Promise<ExitCode> {
  const read = await readVehicleFiles(options.files);
  const vehicle = requireVehicle(read, terminal);
  const folders = foldersOf(place, options.name);
  const { binaries, env } = place;
  const onProgress = (line: string) => terminal.err(`${line}\n`);
  const callback = options.callback === undefined ? {} : { callback: options.callback };
  await labUp({ name: options.name, folders, vehicle, binaries, env, clock: systemClock, onProgress, ...callback });
  const client = new ApiClient(`unix:${folders.socket}`);
  try {
    await untilAnswering(client);
    if (options.apply) {
      onProgress("applying the documents");
      const { success, message, configVersion } = await client.applyConfiguration(read.text);
      if (!success) {
        terminal.err(`not applied: ${message}\nthe lab is up; logs are in ${folders.top}/log\n`);
        return EXIT.failure;
      }
      onProgress(`revision ${configVersion} is in all kernels`);
    }
  } finally {
    client.close();
  }
  terminal.out(`lab ${options.name} is up; the Pharos API is at unix:${folders.socket}\n`);
  return EXIT.ok;
}

async function untilAnswering(client: ApiClient): Promise<void> {
  const deadline = systemClock.monotonic() + READY_MS;
  for (;;) {
    try {
      await client.networkStatus("");
      return;
    } catch (error) {
      if (systemClock.monotonic() > deadline) throw error;
      await systemClock.sleep(100);
    }
  }
}

/** `lab down`: ends the programs, removes namespaces and folders. */
export async function labDownCommand(name: string, place: LabPlace, terminal: Terminal): Promise<ExitCode> {
  await labDown(foldersOf(place, name), systemClock);
  terminal.out(`lab ${name} is down\n`);
  return EXIT.ok;
}

/** `lab status`: machines, programs and pods of each lab. */
export async function labStatusCommand(format: OutputFormat, place: LabPlace, terminal: Terminal): Promise<ExitCode> {
  const names = await listLabs(place.root);
  const states = (await Promise.all(names.map((name) => readState(foldersOf(place, name)).catch(() => undefined)))).filter(
    (state) => state !== undefined,
  );
  printValue(terminal, format, states, () => states.map(labTable).join("\n") || "no lab is up\n");
  return EXIT.ok;
}

function labTable(state: LabState): string {
  const hosts = Object.keys(state.namespaces).map((host) => {
    const agent = state.programs.find((program) => program.name === `agent-${host}`);
    const running = agent === undefined ? "no agent" : isAlive(agent) ? `agent ${agent.pid}` : "agent ended";
    return [host, "machine", running, state.namespaces[host] ?? ""];
  });
  const pods = state.pods.map((pod) => [`${pod.podNamespace}/${pod.name}`, `pod on ${pod.host}`, "", pod.namespace]);
  return `lab ${state.name}\n${table(["NAME", "KIND", "PROGRAM", "NAMESPACE"], [...hosts, ...pods])}`;
}

/** `lab exec PLACE -- COMMAND`: runs a program on a host or in a pod; answers its exit code. */
export async function labExecCommand(name: string, where: string, command: readonly string[], place: LabPlace): Promise<number> {
  const state = await readState(foldersOf(place, name));
  const child = spawn("nsenter", inNamespace(namespaceOf(state, where), command), { stdio: "inherit", env: place.env });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? EXIT.failure));
  });
}

export interface LabAttachOptions {
  readonly name: string;
  /** `name` or `namespace/name`. */
  readonly pod: string;
  readonly host: string;
  readonly ip?: string;
  readonly bridge?: string;
  /** Starts the pod without a network, to wait for a RequestNetworkPod. */
  readonly bare: boolean;
}

/** `lab attach`: starts a pod on a host and gives it a network through the real plugin. */
export async function labAttachCommand(options: LabAttachOptions, place: LabPlace, terminal: Terminal): Promise<ExitCode> {
  const folders = foldersOf(place, options.name);
  const state = await readState(folders);
  const slash = options.pod.indexOf("/");
  const podNamespace = slash === -1 ? "default" : options.pod.slice(0, slash);
  const name = options.pod.slice(slash + 1);
  const annotations = {
    ...(options.ip === undefined ? {} : { "pharos.io/ip": options.ip }),
    ...(options.bridge === undefined ? {} : { "pharos.io/bridge": options.bridge }),
  };
  const started = await startPod(folders, state, { name, podNamespace, host: options.host, labels: {}, annotations });
  if (options.bare) {
    terminal.out(`${podNamespace}/${name} runs on ${options.host} without a network\n`);
    return EXIT.ok;
  }
  const { plugin } = place.binaries;
  try {
    const result = await callPlugin(folders, started.state, { verb: "ADD", pod: started.pod, plugin, annotations });
    terminal.out(result.endsWith("\n") ? result : `${result}\n`);
    return EXIT.ok;
  } catch (error) {
    await stopPod(folders, started.state, started.pod, plugin);
    throw error;
  }
}

/** `lab detach`: removes a pod from its network, and the pod. */
export async function labDetachCommand(name: string, podName: string, place: LabPlace, terminal: Terminal): Promise<ExitCode> {
  const folders = foldersOf(place, name);
  const state = await readState(folders);
  await stopPod(folders, state, podOf(state, podName), place.binaries.plugin);
  terminal.out(`${podName} is gone\n`);
  return EXIT.ok;
}

function podOf(state: LabState, name: string): LabPod {
  const pod = state.pods.find((other) => other.name === name || `${other.podNamespace}/${other.name}` === name);
  if (pod === undefined) throw new PharosError(LAB_UNKNOWN_PLACE, `no pod ${name} in lab ${state.name}`);
  return pod;
}
