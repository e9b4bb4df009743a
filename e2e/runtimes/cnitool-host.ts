import { spawnSync } from "node:child_process";
import { ContainerHost } from "./container-host.ts";

const CONFIGURATIONS = "/etc/cni/net.d";
const CACHE = "/var/lib/cni";

/** What a run of cnitool came to. */
export interface ToolRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ToolCall {
  readonly verb: "add" | "check" | "del" | "gc" | "status";
  readonly network: string;
  readonly pod: string;
  /** What a container runtime would put into `runtimeConfig`. */
  readonly capabilities?: object;
  readonly args?: string;
}

/** A host on which cnitool (libcni) drives plugins; pods are network namespaces. */
export class CnitoolHost {
  readonly host: ContainerHost;
  readonly #cnitool: string;
  readonly #pluginFolders: readonly string[];

  constructor(name: string, programs: { readonly cnitool: string; readonly pluginFolders: readonly string[] }) {
    this.host = ContainerHost.start({ name, own: [CONFIGURATIONS, CACHE, "/var/lib/pharos"] });
    this.#cnitool = programs.cnitool;
    this.#pluginFolders = programs.pluginFolders;
  }

  addPod(pod: string): void {
    this.host.run(["ip", "netns", "add", pod]);
  }

  removePod(pod: string): void {
    this.host.run(["ip", "netns", "del", pod]);
  }

  /** Runs a program in a pod. */
  inPod(pod: string, command: readonly string[], input?: string): string {
    return this.host.run(["nsenter", `--net=/run/netns/${pod}`, ...command], input);
  }

  cnitool({ verb, network, pod, capabilities = {}, args = "" }: ToolCall): ToolRun {
    const variables = [
      `NETCONFPATH=${CONFIGURATIONS}`,
      `CNI_PATH=${this.#pluginFolders.join(":")}`,
      `CAP_ARGS=${JSON.stringify(capabilities)}`,
      ...(args === "" ? [] : [`CNI_ARGS=${args}`]),
    ];
    const [program = "", ...rest] = this.host.inside(["env", ...variables, this.#cnitool, verb, network, `/run/netns/${pod}`]);
    const { status, stdout, stderr } = spawnSync(program, rest, { encoding: "utf8" });
    return { code: status, stdout, stderr };
  }

  /** As `cnitool`, but a failure is thrown. Answers the result, where there is one. */
  succeed(call: ToolCall): ToolResult {
    const { code, stdout, stderr } = this.cnitool(call);
    if (code !== 0) throw new Error(`cnitool ${call.verb} ${call.network} ${call.pod}: ${stdout}${stderr}`);
    return stdout.trim() === "" ? { ips: [], interfaces: [] } : (JSON.parse(stdout) as ToolResult);
  }

  stop(): Promise<void> {
    return this.host.stop();
  }
}

/** The part of a CNI result that tests look at. */
export interface ToolResult {
  readonly cniVersion?: string;
  readonly ips: readonly { readonly address: string; readonly gateway?: string; readonly interface?: number }[];
  readonly interfaces: readonly { readonly name: string; readonly mac?: string; readonly sandbox?: string }[];
}
