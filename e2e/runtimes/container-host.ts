import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Program, runProgram, startProgram } from "@pharos/lab/kubernetes";

/** The host's address towards the machine outside, and that machine's own. */
export const UPLINK = { host: "198.51.100.1", outside: "198.51.100.2", length: 24 } as const;
/** Busybox is on every host, also on one with a root of its own. */
export const BUSYBOX = "/usr/bin/busybox";
const CGROUPS = "/sys/fs/cgroup";
const READY_MS = 10_000;

export interface HostSettings {
  /** At most 9 characters; unique on this machine. */
  readonly name: string;
  /** Folders of the host that lie in the test's own folder: path on the host → empty folder there, made by the host. */
  readonly own: readonly string[];
  /** A file system to have as `/` instead of this machine's. It is not written to: what the host changes it keeps for itself. */
  readonly root?: string;
}

/**
 * A host for a container runtime: network, mount and process namespaces of its own, with a machine outside at the other end of its
 * uplink. Nothing of it is in the root namespace, and whatever runs there ends with it.
 */
export class ContainerHost {
  readonly name: string;
  /** Takes the host's own folders and logs. */
  readonly folder: string;
  readonly #holder: Program;
  readonly #inner: number;

  private constructor(name: string, folder: string, holder: Program) {
    this.name = name;
    this.folder = folder;
    this.#holder = holder;
    this.#inner = childOf(holder);
  }

  /** Starts the host; what a killed test left under the same name is replaced. */
  static start({ name, own, root }: HostSettings): ContainerHost {
    const folder = mkdtempSync(join(tmpdir(), `${name}-`));
    for (const netns of [name, `${name}-out`]) {
      spawnSync("ip", ["netns", "del", netns]);
      runProgram(["ip", "netns", "add", netns]);
    }
    runProgram(["ip", "-n", name, "link", "add", "up0", "type", "veth", "peer", "name", "eth0", "netns", `${name}-out`]);
    for (const [netns, link, address] of [
      [name, "up0", UPLINK.host],
      [`${name}-out`, "eth0", UPLINK.outside],
    ] as const) {
      runProgram(["ip", "-n", netns, "link", "set", "lo", "up"]);
      runProgram(["ip", "-n", netns, "link", "set", link, "up"]);
      runProgram(["ip", "-n", netns, "address", "add", `${address}/${UPLINK.length}`, "dev", link]);
    }
    const unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private", "--mount-proc"];
    const holder = startProgram({
      command: ["nsenter", `--net=/run/netns/${name}`, ...unshare, "sleep", "infinity"],
      log: join(folder, "holder.log"),
    });
    const host = new ContainerHost(name, folder, holder);
    try {
      if (root !== undefined) host.#changeRoot(root);
      host.#mount(own);
      return host;
    } catch (error) {
      void host.stop();
      throw error;
    }
  }

  /** The command that runs another one on the host. */
  inside(command: readonly string[]): readonly string[] {
    return ["nsenter", "--target", String(this.#inner), "--mount", "--net", "--pid", "--", ...command];
  }

  /** Runs a program on the host to its end; throws with its message when it fails. */
  run(command: readonly string[], input?: string): string {
    return runProgram(this.inside(command), input);
  }

  /** Starts a program on the host, which ends with it. */
  start(name: string, command: readonly string[], env: NodeJS.ProcessEnv = process.env): Program {
    return startProgram({ command: this.inside(command), log: join(this.folder, `${name}.log`), env });
  }

  /** Runs a program on the machine outside. */
  outside(command: readonly string[], input?: string): string {
    return runProgram(["nsenter", `--net=/run/netns/${this.name}-out`, ...command], input);
  }

  /** The folder that the host has at `path`, as this machine sees it. */
  ownFolder(path: string): string {
    return join(this.folder, "own", path);
  }

  /** Names of the host's links that begin with `prefix`. */
  links(prefix: string): readonly string[] {
    const links: { ifname: string }[] = JSON.parse(runProgram(["ip", "-n", this.name, "-j", "link", "show"]));
    return links.map(({ ifname }) => ifname).filter((link) => link.startsWith(prefix));
  }

  /** Path of a cgroup for the host's containers, removed with it. */
  get cgroup(): string {
    return `/${this.name}`;
  }

  async stop(): Promise<void> {
    await this.#holder.stop();
    for (const netns of [this.name, `${this.name}-out`]) spawnSync("ip", ["netns", "del", netns]);
    for (const hierarchy of readdirSync(CGROUPS)) removeGroups(join(CGROUPS, hierarchy, this.cgroup));
    rmSync(this.folder, { recursive: true, force: true });
  }

  #changeRoot(root: string): void {
    const [upper, work, merged] = ["upper", "work", "root"].map((part) => join(this.folder, part)) as [string, string, string];
    for (const made of [upper, work, merged]) mkdirSync(made);
    this.run(["mount", "-t", "overlay", "overlay", "-o", `lowerdir=${root},upperdir=${upper},workdir=${work}`, merged]);
    for (const path of ["proc", "sys", "dev", "run", "tmp", "var/tmp", ".old"]) this.run(["mkdir", "-p", join(merged, path)]);
    this.run(["mount", "-t", "proc", "proc", join(merged, "proc")]);
    for (const path of ["sys", "dev"]) this.run(["mount", "--rbind", `/${path}`, join(merged, path)]);
    // The tests' folders keep their paths.
    this.run(["mkdir", "-p", join(merged, this.folder)]);
    this.run(["mount", "--rbind", this.folder, join(merged, this.folder)]);
    // A chroot would not do: whatever joins a container's mount namespace would land outside.
    this.run(["pivot_root", merged, join(merged, ".old")]);
    this.run([BUSYBOX, "umount", "-l", "/.old"]);
  }

  #mount(own: readonly string[]): void {
    for (const path of ["/run", "/dev/shm"]) this.run([BUSYBOX, "mount", "-t", "tmpfs", "tmpfs", path]);
    this.run([BUSYBOX, "mkdir", "-p", "/run/netns", "/run/lock"]);
    for (const path of own) {
      mkdirSync(this.ownFolder(path), { recursive: true });
      this.run([BUSYBOX, "mkdir", "-p", path]);
      this.run([BUSYBOX, "mount", "-o", "bind", this.ownFolder(path), path]);
    }
  }
}

/** The process that `unshare` forked into the new process namespace. */
function childOf(holder: Program): number {
  const end = performance.now() + READY_MS;
  while (performance.now() < end && holder.isRunning()) {
    const child = childrenOf(holder.pid)[0];
    if (child !== undefined && readFileSync(`/proc/${child}/cmdline`, "utf8").startsWith("sleep")) return child;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
  }
  throw new Error(`the host's namespaces did not come: read ${holder.log}`);
}

function childrenOf(pid: number): readonly number[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  if (!existsSync(file)) return [];
  const text = readFileSync(file, "utf8").trim();
  return text === "" ? [] : text.split(" ").map(Number);
}

function removeGroups(top: string): void {
  if (!existsSync(top)) return;
  const entries = readdirSync(top, { recursive: true, withFileTypes: true }).filter((entry) => entry.isDirectory());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name)).sort((a, b) => b.length - a.length);
  for (const path of [...paths, top]) {
    try {
      rmdirSync(path);
    } catch {
      // A process that is just ending still holds it; an empty group costs nothing.
    }
  }
}
