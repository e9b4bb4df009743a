import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { join, resolve } from "node:path";
import { withNamespace } from "@pharos/kernel/namespace";

const REPOSITORY = resolve(import.meta.dirname, "../..");
const PATH = "/usr/sbin:/usr/bin:/sbin:/bin";

export interface TestNodeOptions {
  /** Name of the core Node. */
  readonly name: string;
  /** Start of the names of all namespaces. */
  readonly prefix: string;
  /** Takes what belongs to the node. */
  readonly folder: string;
  readonly kubeconfig: string;
  /** Port of 127.0.0.1 that the API server listens on, outside and, by a relay, inside the node's namespace. */
  readonly apiPort: number;
}

/** A Kubernetes node without kubelet: a network namespace with a real agent in it, and pods attached by the real plugin. */
export class TestNode {
  readonly name: string;
  readonly folder: string;
  readonly namespace: string;
  readonly #options: TestNodeOptions;
  readonly #namespaces: string[] = [];
  readonly #relay: Server;
  #agent: ChildProcess | undefined;

  constructor(options: TestNodeOptions) {
    const { name, folder, prefix, apiPort } = options;
    this.name = name;
    this.folder = join(folder, name);
    this.namespace = `${prefix}-${name}`;
    this.#options = options;
    mkdirSync(this.folder);
    this.#add(this.namespace);
    // The address of the machine that the relay runs on is not the node's business: it listens inside, and connects outside.
    this.#relay = createServer((inside) => {
      const outside = connect(apiPort, "127.0.0.1");
      inside.pipe(outside).pipe(inside);
      for (const [end, other] of [
        [inside, outside],
        [outside, inside],
      ] as const) {
        end.on("error", () => other.destroy());
        end.on("close", () => other.destroy());
      }
    });
    withNamespace(`/run/netns/${this.namespace}`, () => this.#relay.listen(apiPort));
  }

  get confDir(): string {
    return join(this.folder, "net.d");
  }

  get conflist(): string {
    return join(this.confDir, "05-pharos.conflist");
  }

  /** What the agent said so far. */
  log(): string {
    const path = join(this.folder, "agent.log");
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  }

  /** pid of the running agent; it takes the place of the programs that start it. */
  get pid(): number {
    return this.#agent?.pid ?? -1;
  }

  startAgent(...more: readonly string[]): void {
    this.startAgentUnder([], ...more);
  }

  /** Starts the agent by a program that goes over into it (`env`, `nice`). */
  startAgentUnder(wrapper: readonly string[], ...more: readonly string[]): void {
    const { name, kubeconfig } = this.#options;
    const program = [process.execPath, join(REPOSITORY, "dist/pharos.mjs"), "agent", "--kubernetes", "--node-name", name];
    const folders = ["--root", join(this.folder, "root"), "--cni-conf-dir", this.confDir, "--cni-bin-dir", join(this.folder, "bin")];
    const plugin = ["--plugin", join(REPOSITORY, "dist/pharos-cni")];
    const command = [...program, "--kubeconfig", kubeconfig, ...folders, ...plugin, ...more];
    const out = openSync(join(this.folder, "agent.log"), "a");
    const nsenter = [`--net=/run/netns/${this.namespace}`, "setpriv", "--pdeathsig", "KILL", ...wrapper, ...command];
    this.#agent = spawn("nsenter", nsenter, { stdio: ["ignore", out, out], env: { PATH } });
    closeSync(out);
  }

  /** Ends the agent, as an upgrade does. */
  async stopAgent(): Promise<void> {
    const agent = this.#agent;
    if (agent === undefined || agent.exitCode !== null || agent.signalCode !== null) return;
    const ended = new Promise((settle) => agent.once("close", settle));
    agent.kill("SIGTERM");
    await ended;
  }

  /** Runs a program in the node's namespace, or in a pod's; its output, or an error when it fails. */
  run(command: readonly string[], pod?: string): string {
    const namespace = pod === undefined ? this.namespace : this.#podNamespace(pod);
    return execFileSync("nsenter", [`--net=/run/netns/${namespace}`, ...command], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  }

  /** Starts a pod as a container runtime does: a namespace, and the plugin that the configuration names. Answers its address. */
  addPod(pod: string): string {
    this.#add(this.#podNamespace(pod));
    const { ips } = JSON.parse(this.#plugin("ADD", pod)) as { readonly ips: readonly { readonly address: string }[] };
    return ips[0]?.address.split("/")[0] ?? "";
  }

  removePod(pod: string): void {
    this.#plugin("DEL", pod);
  }

  /** A pod's namespace goes, and nobody tells the plugin. */
  killPod(pod: string): void {
    const name = this.#podNamespace(pod);
    execFileSync("ip", ["netns", "del", name]);
    this.#namespaces.splice(this.#namespaces.indexOf(name), 1);
  }

  async remove(): Promise<void> {
    await this.stopAgent();
    this.#relay.close();
    for (const name of this.#namespaces) execFileSync("ip", ["netns", "del", name]);
  }

  #plugin(verb: string, pod: string): string {
    const { cniVersion, name, plugins } = JSON.parse(readFileSync(this.conflist, "utf8"));
    const [plugin] = plugins;
    const env = {
      PATH,
      CNI_COMMAND: verb,
      CNI_CONTAINERID: `${this.name}-${pod}`,
      CNI_NETNS: `/run/netns/${this.#podNamespace(pod)}`,
      CNI_IFNAME: "eth0",
      CNI_PATH: join(this.folder, "bin"),
      CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=${pod}`,
    };
    const command = [`--net=/run/netns/${this.namespace}`, join(this.folder, "bin", plugin.type)];
    return execFileSync("nsenter", command, { encoding: "utf8", env, input: JSON.stringify({ cniVersion, name, ...plugin }) });
  }

  #podNamespace(pod: string): string {
    return `${this.namespace}-${pod}`;
  }

  #add(namespace: string): void {
    execFileSync("ip", ["netns", "add", namespace]);
    this.#namespaces.unshift(namespace);
    execFileSync("ip", ["-n", namespace, "link", "set", "lo", "up"]);
  }
}
