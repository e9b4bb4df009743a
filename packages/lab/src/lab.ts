import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Clock, PharosError } from "@pharos/base";
import type { Vehicle } from "@pharos/compiler";
import { LAB_EXISTS, LAB_UNKNOWN_PLACE } from "./codes.ts";
import { type LabLayout, layOut } from "./layout.ts";
import { buildMachines, namespacePrefix, removeMachines } from "./machines.ts";
import { isAlive, type LabProgram, startProgram, stopPrograms } from "./programs.ts";
import { type LabFolders, type LabState, readState, removeFolders, tryReadState, writeState } from "./state.ts";

/** The programs that a lab runs. */
export interface LabBinaries {
  /** Command that runs `pharos`, for example [node, pharos/src/main.ts]. */
  readonly pharos: readonly string[];
  /** Path of the CNI plugin. */
  readonly plugin: string;
}

export interface LabOptions {
  readonly name: string;
  readonly folders: LabFolders;
  readonly vehicle: Vehicle;
  readonly binaries: LabBinaries;
  /** Where completions are sent, `spec=127.0.0.1:9090`; absent: nowhere. */
  readonly callback?: string;
  /** Text of /etc/pharos/seed.yaml on every host. */
  readonly seed?: string;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly onProgress: (line: string) => void;
}

/** Makes the machines and starts `pharos standalone` and the agents. On failure everything made is taken down again. */
export async function labUp(options: LabOptions): Promise<LabState> {
  const { folders, name } = options;
  if ((await tryReadState(folders)) !== undefined) throw new PharosError(LAB_EXISTS, `lab ${name} is up`);
  const layout = layOut(options.vehicle, namespacePrefix(name));
  let state = emptyState(name, layout);
  await writeState(folders, state);
  try {
    options.onProgress(`machines: ${[...layout.namespaces.keys()].join(", ")}`);
    await buildMachines(layout);
    await mkdir(folders.control, { recursive: true, mode: 0o700 });
    const start = (program: LabProgram) => {
      state = { ...state, programs: [...state.programs, program] };
      return writeState(folders, state);
    };
    options.onProgress("starting pharos standalone");
    await start(startControl(options, layout));
    for (const host of layout.agents) {
      options.onProgress(`starting the agent of ${host}`);
      if (options.seed !== undefined) await writeSeed(folders, host, options.seed);
      await start(startAgent(options, layout, host));
    }
    return state;
  } catch (error) {
    await takeDown(folders, state, options.clock);
    throw error;
  }
}

/** Ends the lab's programs and removes its namespaces and folders. */
export async function labDown(folders: LabFolders, clock: Clock): Promise<void> {
  await takeDown(folders, await readState(folders), clock);
}

async function takeDown(folders: LabFolders, state: LabState, clock: Clock): Promise<void> {
  await stopPrograms(state.programs, clock);
  await removeMachines(state.name);
  await removeFolders(folders);
}

/** Starts one program of a running lab anew: the agent of a host, or `control`. It must have ended, or is ended hard first. */
export async function restartProgram(options: LabOptions, name: string): Promise<LabState> {
  const state = await readState(options.folders);
  const old = state.programs.find((program) => program.name === name);
  if (old === undefined) throw new PharosError(LAB_UNKNOWN_PLACE, `no program ${name}`);
  if (isAlive(old)) await stopPrograms([old], options.clock, 0);
  const layout = layOut(options.vehicle, namespacePrefix(options.name));
  const program = name === "control" ? startControl(options, layout) : startAgent(options, layout, name.replace(/^agent-/, ""));
  const next = { ...state, programs: state.programs.map((other) => (other.name === name ? program : other)) };
  await writeState(options.folders, next);
  return next;
}

/** The namespace of a host or pod by name. */
export function namespaceOf(state: LabState, place: string): string {
  const pod = state.pods.find((other) => other.name === place || `${other.podNamespace}/${other.name}` === place);
  const namespace = pod?.namespace ?? state.namespaces[place];
  if (namespace === undefined) throw new PharosError(LAB_UNKNOWN_PLACE, `nothing in the lab is called ${place}`);
  return namespace;
}

function emptyState(name: string, layout: LabLayout): LabState {
  return {
    version: 1,
    name,
    namespaces: Object.fromEntries(layout.namespaces),
    wiring: layout.wiring,
    agents: layout.agents,
    programs: [],
    pods: [],
  };
}

/** The control plane lives on the first host that has an agent. */
function startControl(options: LabOptions, layout: LabLayout): LabProgram {
  const { folders } = options;
  const namespace = layout.namespaces.get(layout.agents[0] ?? "") ?? layout.wiring;
  const callback = options.callback === undefined ? [] : ["--callback", options.callback];
  const args = ["standalone", "--data-dir", folders.control, "--socket", folders.socket, "--listen", "127.0.0.1:9091"];
  return startProgram({
    name: "control",
    namespace,
    command: [...options.binaries.pharos, ...args, ...callback],
    log: folders.log("control"),
    env: options.env,
  });
}

function startAgent(options: LabOptions, layout: LabLayout, host: string): LabProgram {
  const { folders } = options;
  const args = [
    "agent",
    "--host",
    host,
    "--store",
    `unix:${folders.socket}`,
    "--root",
    folders.host(host),
    "--plugin",
    options.binaries.plugin,
  ];
  const namespace = layout.namespaces.get(host) ?? layout.wiring;
  return startProgram({
    name: `agent-${host}`,
    namespace,
    command: [...options.binaries.pharos, ...args],
    log: folders.log(`agent-${host}`),
    env: options.env,
  });
}

async function writeSeed(folders: LabFolders, host: string, seed: string): Promise<void> {
  const path = join(folders.host(host), "etc/pharos/seed.yaml");
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, seed);
}
