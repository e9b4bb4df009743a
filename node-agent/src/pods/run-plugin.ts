import { spawn } from "node:child_process";
import { type PluginPlaces, pluginConfiguration, type RenewedLease } from "@pharos/attach";
import { PharosError } from "@pharos/base";
import type { LedgerEntry } from "@pharos/ledger";
import { AGENT_PLUGIN_FAILED } from "../codes.ts";

export interface PluginSettings extends PluginPlaces {
  /** Path of the plugin's executable. */
  readonly binary: string;
}

/** One execution of the plugin, as a container runtime would make it. */
export interface PluginCall {
  readonly verb: "ADD" | "DEL";
  readonly containerID: string;
  readonly ifname: string;
  /** Path of the pod's network namespace; DEL needs none. */
  readonly netns?: string;
  /** Absent where nobody knows whose pod it is. */
  readonly pod?: { readonly namespace: string; readonly name: string };
  readonly annotations?: Readonly<Record<string, string>>;
  /** The ledger entry that the call is about: the plugin leaves another one alone that is in its place by now. */
  readonly expects?: Pick<LedgerEntry, "bootId" | "netns">;
  /** Interface of the same container with which a new one goes. */
  readonly primary?: string;
}

const TIMEOUT_MS = 30_000;
const MAX_OUTPUT_BYTES = 1 << 20;
const PATH = "/usr/sbin:/usr/bin:/sbin:/bin";

/** The network's name: a part of every key in the ledger. */
export function networkName(places: PluginPlaces): string {
  return pluginConfiguration(places, {}).name;
}

/** Executes the CNI plugin, one at a time in the order of the calls: one code path for all pods, and no storm of processes. */
export class PluginRunner {
  readonly settings: PluginSettings;
  #last: Promise<unknown> = Promise.resolve();

  constructor(settings: PluginSettings) {
    this.settings = settings;
  }

  /** The plugin's result, parsed; undefined where it has none. */
  run(call: PluginCall): Promise<unknown> {
    const result = this.#last.then(() => this.#attachment(call));
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Asks whether the plugin is ready, on which it also puts away what an earlier boot left. */
  status(): Promise<unknown> {
    const result = this.#last.then(() =>
      execute(this.settings.binary, { PATH, CNI_COMMAND: "STATUS", CNI_PATH: "/opt/cni/bin" }, this.#config({})),
    );
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Has all DHCP leases prolonged that are due; what became of each. */
  renew(): Promise<readonly RenewedLease[]> {
    const result = this.#last.then(async () => {
      const told = await execute(this.settings.binary, { PATH, CNI_COMMAND: "RENEW" }, this.#config({}));
      return ((told ?? {}) as { readonly leases?: readonly RenewedLease[] }).leases ?? [];
    });
    this.#last = result.catch(() => undefined);
    return result;
  }

  #attachment(call: PluginCall): Promise<unknown> {
    const { verb, containerID, ifname, netns = "", pod, annotations = {}, expects, primary } = call;
    const config = {
      ...this.#config(annotations),
      ...(expects === undefined ? {} : { expects: { bootId: expects.bootId, netns: expects.netns ?? "" } }),
      ...(primary === undefined ? {} : { primary }),
    };
    const env = {
      PATH,
      CNI_COMMAND: verb,
      CNI_CONTAINERID: containerID,
      CNI_NETNS: netns,
      CNI_IFNAME: ifname,
      CNI_PATH: "/opt/cni/bin",
      CNI_ARGS: ["IgnoreUnknown=1", ...(pod === undefined ? [] : [`K8S_POD_NAMESPACE=${pod.namespace}`, `K8S_POD_NAME=${pod.name}`])].join(
        ";",
      ),
    };
    return execute(this.settings.binary, env, config);
  }

  #config(annotations: Readonly<Record<string, string>>) {
    return pluginConfiguration(this.settings, annotations);
  }
}

async function execute(binary: string, env: NodeJS.ProcessEnv, config: object): Promise<unknown> {
  const { code, stdout, stderr } = await spawned(binary, env, JSON.stringify(config));
  if (code === 0) return stdout === "" ? undefined : JSON.parse(stdout);
  throw new PharosError(AGENT_PLUGIN_FAILED, `${env.CNI_COMMAND} ended with ${code}: ${(stdout || stderr).trim()}`);
}

function spawned(binary: string, env: NodeJS.ProcessEnv, stdin: string): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(binary, [], { env, stdio: ["pipe", "pipe", "pipe"], timeout: TIMEOUT_MS, killSignal: "SIGKILL" });
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => {
        if (output[name].length < MAX_OUTPUT_BYTES) output[name] += text;
      });
    }
    child.on("error", (cause) => reject(new PharosError(AGENT_PLUGIN_FAILED, `${binary} cannot be started`, { cause })));
    child.on("close", (code) => resolve({ code: code ?? -1, ...output }));
    child.stdin.on("error", () => {});
    child.stdin.end(stdin);
  });
}
