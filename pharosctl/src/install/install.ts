import { execFile } from "node:child_process";
import { chmod, copyFile, mkdir, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { PharosError } from "@pharos/base";
import { INSTALL_FAILED } from "../codes.ts";
import { PROGRAM_FOLDER, type Unit } from "./systemd-units.ts";

export interface InstallSettings {
  /** Prefix of all paths: `/`, or the root of an image that is being built. */
  readonly root: string;
  /** Names the folder of the programs; a later installation with the same version replaces it. */
  readonly version: string;
  readonly programs: ProgramFiles;
  readonly units: readonly Unit[];
  /** Enables and starts the units; needs a running systemd and root `/`. */
  readonly start: boolean;
}

export interface ProgramFiles {
  /** Folder of pharos.mjs and what lies beside it. */
  readonly dist: string;
  readonly node: string;
  /** Folders of native packages that the bundle loads, by name: netlink, koffi. */
  readonly packages: Readonly<Record<string, string>>;
  /** The CNI plugin's executable. */
  readonly plugin: string;
}

const CNI_FOLDER = "/opt/cni/bin";
const UNIT_FOLDER = "/etc/systemd/system";
const COMMAND_MS = 60_000;

/**
 * Puts programs, plugin and units on a machine. Programs come into a folder of their version, to which a link then points, so
 * that a power cut leaves the old ones or the new ones. Throws INSTALL_FAILED; nothing that ran before is stopped by then.
 */
export async function install(settings: InstallSettings, onProgress: (line: string) => void): Promise<void> {
  const { root, version, programs, units } = settings;
  const folder = join(root, PROGRAM_FOLDER, version);
  await explained(`cannot write ${folder}`, async () => {
    await copyPrograms(programs, `${folder}.new`);
    await rm(folder, { recursive: true, force: true });
    await rename(`${folder}.new`, folder);
    await replaceLink(version, join(root, PROGRAM_FOLDER, "current"));
  });
  onProgress(`programs are in ${folder}`);
  const plugin = join(root, CNI_FOLDER, "pharos-cni");
  await explained(`cannot write ${plugin}`, () => replaceFile(plugin, (path) => copyFile(programs.plugin, path), 0o755));
  onProgress(`the CNI plugin is ${plugin}`);
  for (const { name, text } of units) {
    const path = join(root, UNIT_FOLDER, name);
    await explained(`cannot write ${path}`, () => replaceFile(path, (temporary) => writeFile(temporary, text), 0o644));
    onProgress(`wrote ${path}`);
  }
  if (!settings.start) return;
  await systemctl(["daemon-reload"]);
  for (const { name } of units) {
    await systemctl(["enable", name]);
    await systemctl(["restart", name]);
    onProgress(`started ${name}`);
  }
}

async function copyPrograms({ dist, node, packages }: ProgramFiles, folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const files = (await readdir(dist)).filter((name) => /^(pharos|pharosctl|documents-worker)(-part-[\w-]+)?\.mjs$/.test(name));
  for (const name of files) await copyFile(join(dist, name), join(folder, name));
  await copyFile(node, join(folder, "node"));
  await chmod(join(folder, "node"), 0o755);
  for (const [name, from] of Object.entries(packages)) await copyTree(from, join(folder, "node_modules", name));
}

async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (entry.isDirectory()) await copyTree(join(from, entry.name), join(to, entry.name));
    else if (entry.isFile()) await copyFile(join(from, entry.name), join(to, entry.name));
  }
}

/** Makes a link point elsewhere in one step. */
async function replaceLink(target: string, path: string): Promise<void> {
  const temporary = `${path}.new`;
  await rm(temporary, { force: true });
  await symlink(target, temporary);
  await rename(temporary, path);
}

async function replaceFile(path: string, write: (temporary: string) => Promise<void>, mode: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = join(dirname(path), `.${basename(path)}.new`);
  await write(temporary);
  await chmod(temporary, mode);
  await rename(temporary, path);
}

async function explained(what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    throw new PharosError(INSTALL_FAILED, what, { cause });
  }
}

function systemctl(args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile("systemctl", [...args], { timeout: COMMAND_MS }, (error, _stdout, stderr) => {
      if (error === null) resolve();
      else reject(new PharosError(INSTALL_FAILED, `systemctl ${args.join(" ")}: ${stderr.trim() || error.message}`));
    });
  });
}
