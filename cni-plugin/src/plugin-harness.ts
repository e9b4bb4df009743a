import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { PodNetworkData } from "@pharos/hoststate";

const ROOT = resolve(import.meta.dirname, "../..");

/** What a run of the plugin gave. */
export interface PluginRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output, parsed; an empty object where there was none. */
  readonly json: Record<string, unknown>;
}

export interface PluginCall {
  readonly verb: string;
  readonly pod: string;
  readonly ifname?: string;
  readonly args?: string;
  /** Path of another network namespace than the pod's. */
  readonly netns?: string;
  /** Fields over those of the default configuration. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly onStart?: (child: ChildProcess) => void;
}

/** Makes dist/pharos-cni where it is missing or old, and answers its path. */
export function builtPlugin(): string {
  execFileSync(process.execPath, [join(ROOT, "scripts/build-plugin.ts")], { stdio: ["ignore", "ignore", "inherit"] });
  return join(ROOT, "dist/pharos-cni");
}

/** A host for the plugin: a network namespace of its own, a ledger folder, and pods as further namespaces. */
export class TestHost {
  readonly folder = mkdtempSync(join(tmpdir(), "pharos-cni-"));
  readonly #prefix: string;
  readonly #plugin: string;
  readonly #data: PodNetworkData;
  readonly #namespaces = new Set<string>();

  constructor(prefix: string, plugin: string, data: PodNetworkData) {
    this.#prefix = prefix;
    this.#plugin = plugin;
    this.#data = data;
    this.#add("host");
  }

  get stateDir(): string {
    return join(this.folder, "ledger");
  }

  addPod(pod: string): void {
    this.#add(pod);
  }

  /** Runs `ip` on the host (`host`) or in a pod. */
  ip(where: string, ...args: string[]): string {
    return execFileSync("ip", ["-n", this.namespaceOf(where), ...args], { encoding: "utf8" });
  }

  /** Runs a program on the host or in a pod; its output, or an error when it fails. */
  exec(where: string, ...command: string[]): string {
    return execFileSync("nsenter", [`--net=/run/netns/${this.namespaceOf(where)}`, ...command], { encoding: "utf8" });
  }

  /** Names of the links on the host that the plugin made. */
  podLinks(): readonly string[] {
    const links: { ifname: string }[] = JSON.parse(this.ip("host", "-j", "link", "show"));
    return links.map(({ ifname }) => ifname).filter((name) => name.startsWith("pv"));
  }

  call({ verb, pod, ifname = "eth0", args = "", netns, config = {}, onStart }: PluginCall): Promise<PluginRun> {
    const env = {
      PATH: process.env.PATH,
      CNI_COMMAND: verb,
      CNI_CONTAINERID: `${pod}-id`,
      CNI_NETNS: netns ?? `/run/netns/${this.namespaceOf(pod)}`,
      CNI_IFNAME: ifname,
      CNI_ARGS: args,
    };
    const child = spawn("nsenter", [`--net=/run/netns/${this.namespaceOf("host")}`, this.#plugin], { env });
    onStart?.(child);
    child.stdin.on("error", () => {});
    child.stdin.end(
      JSON.stringify({ cniVersion: "1.1.0", name: "pods", type: "pharos", stateDir: this.stateDir, pharos: this.#data, ...config }),
    );
    return finished(child);
  }

  remove(): void {
    for (const name of this.#namespaces) execFileSync("ip", ["netns", "del", name]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  #add(where: string): void {
    execFileSync("ip", ["netns", "add", this.namespaceOf(where)]);
    this.#namespaces.add(this.namespaceOf(where));
  }

  /** Name of the network namespace of a pod, or of the host. */
  namespaceOf(where: string): string {
    return `${this.#prefix}-${where}`;
  }
}

function finished(child: ChildProcess): Promise<PluginRun> {
  return new Promise((settle, reject) => {
    let stdout = "";
    let stderr = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (code) => settle({ code, stdout, stderr, json: code === null || stdout === "" ? {} : JSON.parse(stdout) }));
  });
}
