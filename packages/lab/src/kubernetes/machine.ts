import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Program, startProgram } from "./program.ts";

/** Cgroup hierarchies that kubelet wants a group of its own in. */
const CGROUPS = "/sys/fs/cgroup";

export interface MachineSettings {
  /** Unique on this machine, at most 11 characters: names of namespaces and links are made from it. */
  readonly name: string;
  /** Takes what the machine writes. */
  readonly folder: string;
  /** Bridge of the root namespace that it is plugged into. */
  readonly bridge: string;
  /** `ADDRESS/LENGTH`. */
  readonly address: string;
  /** Address of the default route. */
  readonly gateway?: string;
}

/** A machine made of a network namespace, a mount namespace with folders of its own, and a cgroup. */
export interface Machine extends MachineSettings {
  /** Path of its cgroup in each hierarchy. */
  readonly cgroup: string;
  /** The command that runs another one on the machine. */
  inside(command: readonly string[]): readonly string[];
  /** Starts a program on the machine; it ends with the caller. */
  start(name: string, command: readonly string[]): Program;
  /** Runs a program on the machine to its end; throws with its message when it fails. */
  run(command: readonly string[], input?: string): string;
  /** Its cgroups with the processes in each: containers and what they started, not the machine's daemons. */
  groups(): readonly ProcessGroup[];
  /** Ends all that runs there and takes the machine away. */
  remove(): Promise<void>;
}

export interface ProcessGroup {
  /** Path below the machine's cgroup. */
  readonly path: string;
  readonly pids: readonly number[];
}

/** Folders that are each machine's own. /run is empty at first; /etc, /opt and /var/lib begin as this machine's are. */
const OVERLAID = ["/etc", "/opt", "/var/lib", "/var/log"] as const;
/**
 * Folders that are empty at first: where a container runtime lays overlays of its own, which it cannot on an overlay, and network
 * configurations, of which this machine may have some for a runtime of its own.
 */
const PLAIN = ["/var/lib/containerd", "/var/lib/kubelet", "/etc/cni/net.d"] as const;

/** Makes a machine; what an earlier one of the same name left, also one whose maker was killed, is ended and removed first. */
export async function makeMachine(settings: MachineSettings): Promise<Machine> {
  const { name, folder, bridge, address, gateway } = settings;
  const cgroup = cgroupOf(name);
  await removeMachine(name);
  mkdirSync(folder, { recursive: true });
  ip("netns", "add", name);
  ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name);
  ip("link", "set", name, "master", bridge, "up");
  for (const command of [
    ["link", "set", "lo", "up"],
    ["link", "set", "eth0", "up"],
    ["address", "add", address, "dev", "eth0"],
  ]) {
    ip("-n", name, ...command);
  }
  if (gateway !== undefined) ip("-n", name, "route", "add", "default", "via", gateway);
  const enter = ["nsenter", `--net=/run/netns/${name}`];
  const holder = startProgram({
    command: [...enter, "unshare", "--mount", "--propagation", "private", "sleep", "infinity"],
    log: join(folder, "machine.log"),
  });
  const inside = (command: readonly string[]) => ["nsenter", "--target", String(holder.pid), "--mount", "--net", "--", ...command];
  const run = (command: readonly string[], input = "") => runProgram(inside(command), input);
  waitForMounts(holder.pid);
  ownFolders(folder, run);
  makeCgroups(cgroup);
  return {
    ...settings,
    cgroup,
    inside,
    run,
    start: (program, command) => startProgram({ command: inside(command), log: join(folder, `${program}.log`) }),
    groups: () => processGroups(cgroup),
    remove: () => removeMachine(name),
  };
}

function cgroupOf(name: string): string {
  return `/${name}`;
}

/** Ends all that runs on a machine and takes it away, whoever made it; does nothing when there is none. */
export async function removeMachine(name: string): Promise<void> {
  const cgroup = cgroupOf(name);
  await endAll(name, cgroup);
  spawnSync("ip", ["netns", "delete", name]);
  spawnSync("ip", ["link", "delete", name]);
  removeCgroups(cgroup);
}

function ownFolders(folder: string, run: Machine["run"]): void {
  run(["mount", "-t", "tmpfs", "tmpfs", "/run"]);
  for (const path of OVERLAID) {
    const [upper, work] = ["upper", "work"].map((part) => join(folder, "own", path, part));
    for (const made of [upper, work]) mkdirSync(made ?? "", { recursive: true });
    run(["mount", "-t", "overlay", "overlay", "-o", `lowerdir=${path},upperdir=${upper},workdir=${work}`, path]);
  }
  for (const path of PLAIN) {
    const own = join(folder, "own", path, "plain");
    mkdirSync(own, { recursive: true });
    run(["mkdir", "-p", path]);
    run(["mount", "--bind", own, path]);
  }
  run(["mkdir", "-p", "/run/netns", "/opt/cni/bin"]);
  run(["mount", "--make-rshared", "/"]);
}

/** The holder has its own mount namespace a moment after it was started. */
function waitForMounts(pid: number): void {
  const own = identity("/proc/self/ns/mnt");
  for (let tries = 0; tries < 500; tries++) {
    const theirs = identity(`/proc/${pid}/ns/mnt`);
    if (theirs !== undefined && theirs !== own) return;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
  }
  throw new Error("the machine's mount namespace did not come");
}

/** A group in each hierarchy; cpuset's own files must be filled before anything can join. */
function makeCgroups(cgroup: string): void {
  for (const hierarchy of hierarchies()) {
    const path = join(CGROUPS, hierarchy, cgroup);
    mkdirSync(path, { recursive: true });
    if (hierarchy !== "cpuset") continue;
    for (const file of ["cpuset.cpus", "cpuset.mems"]) writeFileSync(join(path, file), readFileSync(join(CGROUPS, hierarchy, file)));
  }
}

function hierarchies(): readonly string[] {
  if (isUnified()) return [""];
  return readdirSync(CGROUPS).filter((name) => existsSync(join(CGROUPS, name, "cgroup.procs")));
}

/** One hierarchy of version 2 instead of several of version 1. */
function isUnified(): boolean {
  return existsSync(join(CGROUPS, "cgroup.controllers"));
}

/** Ends what runs in the machine's cgroups (containers) and in its network namespace (shims, daemons, whoever holds its mounts). */
async function endAll(name: string, cgroup: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const pids = [...new Set([...processGroups(cgroup).flatMap(({ pids: inside }) => inside), ...networkProcesses(name)])];
    if (pids.length === 0) return;
    for (const pid of pids) kill(pid);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

function processGroups(cgroup: string): readonly ProcessGroup[] {
  const top = join(CGROUPS, isUnified() ? "" : "pids", cgroup);
  if (!existsSync(top)) return [];
  const paths = ["", ...readdirSync(top, { recursive: true, encoding: "utf8" })];
  return paths
    .filter((path) => existsSync(join(top, path, "cgroup.procs")))
    .map((path) => ({ path, pids: lines(join(top, path, "cgroup.procs")).map(Number) }));
}

/** Processes in a network namespace of this name, never our own. */
function networkProcesses(name: string): readonly number[] {
  const wanted = identity(`/run/netns/${name}`);
  if (wanted === undefined || wanted === identity("/proc/self/ns/net")) return [];
  const pids = readdirSync("/proc").filter((entry) => /^\d+$/.test(entry));
  return pids.filter((pid) => identity(`/proc/${pid}/ns/net`) === wanted).map(Number);
}

/** Device and inode: what two paths of one namespace have in common. */
function identity(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

function removeCgroups(cgroup: string): void {
  for (const hierarchy of hierarchies()) {
    const top = join(CGROUPS, hierarchy, cgroup);
    if (!existsSync(top)) continue;
    const groups = readdirSync(top, { recursive: true, withFileTypes: true }).filter((entry) => entry.isDirectory());
    const paths = groups.map((entry) => join(entry.parentPath, entry.name)).sort((a, b) => b.length - a.length);
    for (const path of [...paths, top]) removeGroup(path);
  }
}

function removeGroup(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // A process that is just ending still holds it; an empty group costs nothing.
  }
}

function lines(path: string): readonly string[] {
  try {
    return readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => line !== "");
  } catch {
    return [];
  }
}

function ip(...args: readonly string[]): string {
  return runProgram(["ip", ...args]);
}

/** Runs a program to its end and gives its output; throws with its message when it fails. */
export function runProgram(command: readonly string[], input = ""): string {
  const [program = "", ...args] = command;
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: "utf8", input, maxBuffer: 64 * 1024 * 1024 });
  if (status !== 0) throw new Error(`${command.join(" ")}: ${error?.message ?? (stderr.trim() || stdout.trim())}`);
  return stdout;
}
