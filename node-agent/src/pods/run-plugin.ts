import { spawn } from "node:child_process";
import { type PluginPlaces, pluginConfiguration } from "@pharos/attach";
import { PharosError } from "@pharos/base";
import { AGENT_ATTACH_FAILED } from "../codes.ts";
import type { RunningContainer } from "./runtime.ts";

export interface PluginSettings extends PluginPlaces {
  /** Path of the plugin's executable. */
  readonly binary: string;
}

export interface Attachment {
  readonly container: RunningContainer;
  readonly ifname: string;
  /** The bridge that the request names; absent: the pod's annotation or the default decides. */
  readonly bridge?: string;
}

const TIMEOUT_MS = 30_000;
const MAX_OUTPUT_BYTES = 1 << 20;

/**
 * Attaches a running container by executing the CNI plugin, as a container runtime would: one code path for all pods.
 * @returns the plugin's result, parsed.
 */
export async function runPlugin(verb: "ADD" | "DEL", settings: PluginSettings, attachment: Attachment): Promise<unknown> {
  const { container, ifname, bridge } = attachment;
  const annotations = { ...container.annotations, ...(bridge === undefined ? {} : { "pharos.io/bridge": bridge }) };
  const config = pluginConfiguration(settings, annotations);
  const env = {
    PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
    CNI_COMMAND: verb,
    CNI_CONTAINERID: container.id,
    CNI_NETNS: container.netns ?? "",
    CNI_IFNAME: ifname,
    CNI_PATH: "/opt/cni/bin",
    CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=${container.pod.namespace};K8S_POD_NAME=${container.pod.name}`,
  };
  const { code, stdout, stderr } = await execute(settings.binary, env, JSON.stringify(config));
  if (code === 0) return stdout === "" ? undefined : JSON.parse(stdout);
  throw new PharosError(
    AGENT_ATTACH_FAILED,
    `plugin ${verb} of ${container.pod.namespace}/${container.pod.name} ended with ${code}: ${stdout || stderr}`,
  );
}

function execute(binary: string, env: NodeJS.ProcessEnv, stdin: string): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(binary, [], { env, stdio: ["pipe", "pipe", "pipe"], timeout: TIMEOUT_MS, killSignal: "SIGKILL" });
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => {
        if (output[name].length < MAX_OUTPUT_BYTES) output[name] += text;
      });
    }
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? -1, ...output }));
    child.stdin.on("error", () => {});
    child.stdin.end(stdin);
  });
}
