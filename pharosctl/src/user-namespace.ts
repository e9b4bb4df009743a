import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isSystemError, PharosError, systemClock } from "@pharos/base";
import { identityOf, isAlive, LAB_MISSING, LAB_NO_NAMESPACES, type LabFolders, type ProcessIdentity, stopPrograms } from "@pharos/lab";

/** How this program was started, to start it again inside the namespaces. */
export interface Self {
  /** For example [node, main.ts]. */
  readonly command: readonly string[];
  readonly args: readonly string[];
  /** Says, among other things, that the copy is inside already. */
  readonly env: NodeJS.ProcessEnv;
}

/** A lab command of an ordinary user. */
export interface InsideCommand {
  readonly self: Self;
  readonly folders: LabFolders;
  /** Makes the namespaces when there are none. Without it their absence is LAB_MISSING. */
  readonly create: boolean;
}

/**
 * Runs the same command inside the lab's user, network and mount namespace. A process, the holder, keeps them open while the lab is
 * there; it ends when the command leaves no lab behind.
 * @returns the exit code of the command.
 */
export async function runInUserNamespace({ self, folders, create }: InsideCommand): Promise<number> {
  const known = readHolder(folders);
  if (known === undefined && !create) throw new PharosError(LAB_MISSING, absence(folders));
  const holder = known ?? (await startHolder(self, folders));
  const target = ["--target", String(holder.pid), "--user", "--mount", "--net", "--preserve-credentials"];
  const inside = [...target, `--wd=${process.cwd()}`, "--", ...self.command, ...self.args];
  const { status } = spawnSync("nsenter", inside, { stdio: "inherit", env: self.env });
  if (!existsSync(folders.state)) await endHolder(folders, holder);
  return status ?? 1;
}

function absence(folders: LabFolders): string {
  if (!existsSync(folders.state)) return `no lab at ${folders.top}`;
  return `the namespaces of the lab at ${folders.top} have ended, and \`pharosctl lab down\` removes what is left of it`;
}

/** Beside the lab's folder, as it must outlive it. */
function holderFile(folders: LabFolders): string {
  return `${folders.top}.holder`;
}

/** The holder that still lives; undefined when there is none. */
function readHolder(folders: LabFolders): ProcessIdentity | undefined {
  try {
    const holder = JSON.parse(readFileSync(holderFile(folders), "utf8")) as ProcessIdentity;
    return isAlive(holder) ? holder : undefined;
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return undefined;
    throw error;
  }
}

async function endHolder(folders: LabFolders, holder: ProcessIdentity): Promise<void> {
  await stopPrograms([holder], systemClock);
  rmSync(holderFile(folders), { force: true });
}

function startHolder(self: Self, folders: LabFolders): Promise<ProcessIdentity> {
  const args = ["--user", "--map-root-user", "--net", "--mount", "--", ...self.command, "lab", "hold"];
  const child = spawn("unshare", args, { detached: true, stdio: ["ignore", "pipe", "pipe"], env: self.env });
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaint += text));
  return new Promise((resolve, reject) => {
    child.once("error", (cause) => reject(new PharosError(LAB_NO_NAMESPACES, "cannot run unshare", { cause })));
    child.once("close", () => reject(new PharosError(LAB_NO_NAMESPACES, complaint.trim())));
    child.stdout.once("data", () => {
      const holder = identityOf(child.pid ?? 0);
      writeFileSync(holderFile(folders), JSON.stringify(holder), { mode: 0o600 });
      child.removeAllListeners();
      child.stdout.destroy();
      child.stderr.destroy();
      child.unref();
      resolve(holder);
    });
  });
}

/** The holder itself, inside the new namespaces: a place for `ip netns`, a word that it is ready, then waiting for SIGTERM. */
export async function holdNamespaces(ready: () => void): Promise<void> {
  // The least that is covered: what else is in /run stays visible, when somebody has made /run/netns already.
  const covered = existsSync("/run/netns") ? "/run/netns" : "/run";
  const mount = spawnSync("mount", ["-t", "tmpfs", "tmpfs", covered], { encoding: "utf8" });
  if (mount.status !== 0) throw new PharosError(LAB_NO_NAMESPACES, `cannot mount an empty ${covered}: ${mount.stderr.trim()}`);
  const alive = setInterval(() => {}, 1 << 30);
  const ended = new Promise<void>((resolve) => process.once("SIGTERM", () => resolve()));
  ready();
  await ended;
  clearInterval(alive);
}
