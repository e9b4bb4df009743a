import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { PharosError } from "@pharos/base";
import { LAB_NO_NAMESPACES } from "@pharos/lab";

/** An ordinary user's lab lives in a user, network and mount namespace that this process keeps open. */
interface Holder {
  readonly pid: number;
}

/** How this program was started, to start it again inside the namespaces. */
export interface Self {
  /** For example [node, main.ts]. */
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

function holderFile(labRoot: string, name: string): string {
  return join(labRoot, `${name}.holder`);
}

function readHolder(labRoot: string, name: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(holderFile(labRoot, name), "utf8")) as Holder;
  } catch {
    return undefined;
  }
}

/**
 * Runs the same command inside the lab's namespaces, which are made first when they are not there.
 * @returns the exit code of the command.
 */
export async function runInUserNamespace(self: Self, labRoot: string, name: string): Promise<number> {
  const holder = readHolder(labRoot, name) ?? (await startHolder(self, labRoot, name));
  const inside = [
    "--target",
    String(holder.pid),
    "--user",
    "--mount",
    "--net",
    "--preserve-credentials",
    "--",
    ...self.command,
    ...self.args,
  ];
  const { status } = spawnSync("nsenter", inside, { stdio: "inherit", env: { ...self.env, PHAROS_LAB_ROOT: labRoot } });
  return status ?? 1;
}

/** Ends the process that keeps the namespaces of a lab; they go with it. */
export function endHolder(labRoot: string, name: string): void {
  const holder = readHolder(labRoot, name);
  if (holder === undefined) return;
  try {
    process.kill(holder.pid, "SIGTERM");
  } catch {
    // It has ended already.
  }
  rmSync(holderFile(labRoot, name), { force: true });
}

function startHolder(self: Self, labRoot: string, name: string): Promise<Holder> {
  mkdirSync(dirname(holderFile(labRoot, name)), { recursive: true, mode: 0o700 });
  const args = ["--user", "--map-root-user", "--net", "--mount", "--", ...self.command, "lab", "hold"];
  const child = spawn("unshare", args, { detached: true, stdio: ["ignore", "pipe", "inherit"], env: self.env });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new PharosError(LAB_NO_NAMESPACES, `unshare ended with ${code}`)));
    child.stdout.once("data", () => {
      const holder = { pid: child.pid ?? 0 };
      writeFileSync(holderFile(labRoot, name), JSON.stringify(holder));
      child.removeAllListeners();
      child.stdout.destroy();
      child.unref();
      resolve(holder);
    });
  });
}

/** The holder itself, inside the new namespaces: an empty /run for `ip netns`, a word that it is ready, then waiting for SIGTERM. */
export async function holdNamespaces(ready: () => void): Promise<void> {
  const mount = spawnSync("mount", ["-t", "tmpfs", "tmpfs", "/run"], { encoding: "utf8" });
  if (mount.status !== 0) throw new PharosError(LAB_NO_NAMESPACES, `cannot mount an empty /run: ${mount.stderr}`);
  ready();
  const alive = setInterval(() => {}, 1 << 30);
  await new Promise<void>((resolve) => process.once("SIGTERM", () => resolve()));
  clearInterval(alive);
}
