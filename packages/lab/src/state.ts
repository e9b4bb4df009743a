import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isSystemError, PharosError } from "@pharos/base";
import { LAB_BAD_NAME, LAB_MISSING } from "./codes.ts";
import type { LabProgram } from "./programs.ts";

/** A pod of the lab: a namespace, described to the agent as a container. */
export interface LabPod {
  readonly name: string;
  readonly podNamespace: string;
  readonly host: string;
  readonly containerID: string;
  readonly namespace: string;
}

/** All that is needed to find and to remove a lab again; one JSON file. */
export interface LabState {
  readonly version: 1;
  readonly name: string;
  /** Host (SoC, VM, cloud VM) → network namespace. */
  readonly namespaces: Readonly<Record<string, string>>;
  readonly wiring: string;
  readonly agents: readonly string[];
  readonly programs: readonly LabProgram[];
  readonly pods: readonly LabPod[];
}

/** The folders and files of one lab. */
export interface LabFolders {
  readonly top: string;
  readonly state: string;
  /** Unix socket of the Pharos API and of the store service. */
  readonly socket: string;
  readonly control: string;
  host(name: string): string;
  log(program: string): string;
}

/** A lab's name becomes a folder and a part of namespace names; without hyphens two labs cannot meet there. */
const LAB_NAME = /^[a-z0-9]{1,16}$/;

/** The folders of a lab. A name other than 1 to 16 lower-case letters and digits is LAB_BAD_NAME. */
export function labFolders(root: string, name: string): LabFolders {
  if (!LAB_NAME.test(name)) throw new PharosError(LAB_BAD_NAME, `"${name}"`);
  const top = join(root, name);
  return {
    top,
    state: join(top, "state.json"),
    control: join(top, "control"),
    socket: join(top, "control", "pharos.sock"),
    host: (host) => join(top, "hosts", host),
    log: (program) => join(top, "log", `${program}.log`),
  };
}

export async function writeState(folders: LabFolders, state: LabState): Promise<void> {
  await mkdir(folders.top, { recursive: true, mode: 0o700 });
  await writeFile(`${folders.state}.tmp`, JSON.stringify(state, undefined, 2));
  await rename(`${folders.state}.tmp`, folders.state);
}

/** The state of a lab; LAB_MISSING when there is none. */
export async function readState(folders: LabFolders): Promise<LabState> {
  const state = await tryReadState(folders);
  if (state === undefined) throw new PharosError(LAB_MISSING, `no lab at ${folders.top}`);
  return state;
}

export async function tryReadState(folders: LabFolders): Promise<LabState | undefined> {
  try {
    return JSON.parse(await readFile(folders.state, "utf8")) as LabState;
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return undefined;
    throw error;
  }
}

export async function removeFolders(folders: LabFolders): Promise<void> {
  await rm(folders.top, { recursive: true, force: true });
}

/** Names of the labs below `root`, sorted; no folder is no labs. */
export async function listLabs(root: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(root, { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
    return folders.filter((name) => LAB_NAME.test(name)).sort();
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return [];
    throw error;
  }
}
