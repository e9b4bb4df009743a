import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ChildEnd, outputOf, runChild } from "./child.ts";
import { linkLines, nftLines, type QdiscListing, qdiscLines, routeLines } from "./host-lines.ts";

const BOOT_ID = "/proc/sys/kernel/random/boot_id";

/** One call of a CNI plugin on a host. */
export interface PluginCommand {
  readonly program: string;
  readonly verb: string;
  readonly pod: string;
  readonly config: object;
  /** `CNI_IFNAME`; `eth0` when absent. */
  readonly ifname?: string;
  /** Further environment: `CNI_PATH`. */
  readonly env?: NodeJS.ProcessEnv;
  /** What the program is run by: `["strace", …]`. */
  readonly through?: readonly string[];
  readonly onStart?: (child: ChildProcess) => void;
}

/**
 * A host and its pods as network namespaces, with a mount namespace in which the boot id is a file of ours: a reboot takes all
 * namespaces away, and leaves the folder, as a power cut leaves the disk.
 */
export class CrashHost {
  readonly folder = mkdtempSync(join(tmpdir(), "pharos-crash-"));
  readonly #prefix: string;
  readonly #pods: readonly string[];
  readonly #holder: ChildProcess;
  readonly #mounts: string;

  constructor(prefix: string, pods: readonly string[]) {
    this.#prefix = prefix;
    this.#pods = pods;
    this.#addNamespaces();
    this.#writeBootId();
    // Lives as long as its standard input, that is as this process. New network namespaces come into it by propagation.
    this.#holder = spawn("unshare", ["--mount", "--propagation", "slave", "cat"], { stdio: ["pipe", "pipe", "inherit"] });
    this.#mounts = `/proc/${this.#holder.pid}/ns/mnt`;
  }

  /** Waits for the mount namespace and puts the boot id into it. */
  async start(): Promise<void> {
    this.#holder.stdin?.write("ready\n");
    await new Promise((settle) => this.#holder.stdout?.once("data", settle));
    this.mount("--bind", join(this.folder, "boot_id"), BOOT_ID);
  }

  /** mount(8) in the mount namespace of the plugin. */
  mount(...args: readonly string[]): void {
    execFileSync("nsenter", [`--mount=${this.#mounts}`, "mount", ...args]);
  }

  /** Where this process finds what the plugin sees at `path`, also below mounts that only the host has. */
  seen(path: string): string {
    return `/proc/${this.#holder.pid}/root${path}`;
  }

  /** Name of the network namespace of the host (`host`) or a pod. */
  namespaceOf(where: string): string {
    return `${this.#prefix}-${where}`;
  }

  netnsOf(where: string): string {
    return `/run/netns/${this.namespaceOf(where)}`;
  }

  /** The command line that runs a command on the host, where it sees the host's boot id. */
  inside(command: readonly string[]): readonly string[] {
    return ["nsenter", `--net=${this.netnsOf("host")}`, `--mount=${this.#mounts}`, ...command];
  }

  /** Runs a plugin to its end, however that is. */
  run({ program, verb, pod, config, ifname = "eth0", env = {}, through = [], onStart }: PluginCommand): Promise<ChildEnd> {
    return runChild(this.inside([...through, program]), {
      env: {
        PATH: process.env.PATH,
        CNI_COMMAND: verb,
        CNI_CONTAINERID: `${pod}-id`,
        CNI_NETNS: this.netnsOf(pod),
        CNI_IFNAME: ifname,
        CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=${pod}`,
        ...env,
      },
      input: JSON.stringify(config),
      ...(onStart === undefined ? {} : { onStart }),
    });
  }

  /** Waits until no process is in the host's namespace: children outlive a plugin that was killed. */
  async quiet(): Promise<void> {
    while ((await outputOf(["ip", "netns", "pids", this.namespaceOf("host")])).trim() !== "")
      await new Promise((settle) => setTimeout(settle, 5));
  }

  /** Links, addresses, routes, qdiscs, filters and nft objects of the host, sorted. */
  async hostLines(): Promise<readonly string[]> {
    const name = this.namespaceOf("host");
    const [network, qdiscs, ruleset] = await Promise.all([
      this.#networkLines("host"),
      outputOf(["tc", "-n", name, "-j", "qdisc", "show"]),
      outputOf(["nsenter", `--net=${this.netnsOf("host")}`, "nft", "-s", "-j", "list", "ruleset"]),
    ]);
    const listed: QdiscListing[] = JSON.parse(qdiscs);
    const filters = await this.#filterLines(listed.filter(({ kind }) => kind === "ingress").map(({ dev }) => dev));
    return [...network, ...qdiscLines(listed), ...filters, ...nftLines(JSON.parse(ruleset))].sort();
  }

  /** Links, addresses and routes of a pod, sorted; each begins with the pod's name. */
  async podLines(pod: string): Promise<readonly string[]> {
    return (await this.#networkLines(pod)).map((line) => `${pod}: ${line}`).sort();
  }

  /** A new boot: all namespaces are gone and made anew, empty; the boot id is another one. */
  reboot(): void {
    this.#deleteNamespaces();
    this.#addNamespaces();
    this.#writeBootId();
  }

  /** Another pod of the same name: the namespace is gone and made anew. */
  renewPod(pod: string): void {
    for (const command of ["del", "add"]) execFileSync("ip", ["netns", command, this.namespaceOf(pod)]);
  }

  remove(): void {
    this.#holder.kill("SIGKILL");
    this.#deleteNamespaces();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #networkLines(where: string): Promise<readonly string[]> {
    const input = "addr show\nroute show table all\n";
    const [links = "[]", routes = "[]"] = (await outputOf(["ip", "-n", this.namespaceOf(where), "-d", "-j", "-b", "-"], { input })).split(
      "\n",
    );
    return [...linkLines(JSON.parse(links)), ...routeLines(JSON.parse(routes))];
  }

  async #filterLines(devices: readonly string[]): Promise<readonly string[]> {
    if (devices.length === 0) return [];
    const input = devices.map((device) => `filter show dev ${device} ingress\n`).join("");
    const text = await outputOf(["tc", "-n", this.namespaceOf("host"), "-b", "-"], { input });
    return [...text.matchAll(/mirred \(([^)]*)\)/g)].map(([, action]) => `filter ${action}`);
  }

  #writeBootId(): void {
    writeFileSync(join(this.folder, "boot_id"), `${randomUUID()}\n`);
  }

  #addNamespaces(): void {
    for (const where of ["host", ...this.#pods]) execFileSync("ip", ["netns", "add", this.namespaceOf(where)]);
  }

  #deleteNamespaces(): void {
    for (const where of ["host", ...this.#pods]) {
      try {
        execFileSync("ip", ["netns", "del", this.namespaceOf(where)], { stdio: "ignore" });
      } catch {
        // Gone already, where a test failed half-way through a reboot.
      }
    }
  }
}
