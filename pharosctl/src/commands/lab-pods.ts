import { spawn } from "node:child_process";
import { describeError, PharosError } from "@pharos/base";
import {
  callPlugin,
  inNamespace,
  LAB_UNKNOWN_PLACE,
  type LabPod,
  type LabState,
  namespaceOf,
  readState,
  startPod,
  stopPod,
} from "@pharos/lab";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { foldersOf, type LabPlace } from "../lab-place.ts";
import type { Terminal } from "../terminal.ts";

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
    await stopPod(folders, started.state, started.pod, plugin).catch((left: unknown) => {
      terminal.err(`the pod stays, without a network: ${describeError(left)}\n`);
    });
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
