import type { CniResult, JsonObject } from "@pharos/attach";
import { describeError, PharosError } from "@pharos/base/errors";
import { PLUGIN_BAD_COMMAND } from "../codes.ts";
import { decodeConfig } from "../config.ts";
import type { PluginInput, PluginOutput } from "../plugin.ts";
import { addCallOf, type CniCall, deleteCallOf, statusOf } from "./cni-call.ts";
import { createdNetwork, readNetwork } from "./network.ts";

/** Version of netavark's interface to plugins that is spoken here. */
const API_VERSION = "1.0.0";
const VERSION = "0.1.0";

export interface NetavarkInput {
  /** Arguments behind the program's name: `create`, `setup NETNS`, `teardown NETNS` or `info`. */
  readonly args: readonly string[];
  /** Standard input, read only where the subcommand has one. */
  readonly stdin: () => string;
  /** Runs a CNI command; what netavark asks for is done by the same core. */
  readonly runPlugin: (input: PluginInput) => PluginOutput;
}

/** True when the arguments are those of netavark's interface to plugins. */
export function isNetavarkCall(args: readonly string[]): boolean {
  return ["create", "setup", "teardown", "info"].includes(args[0] ?? "");
}

/** Runs a subcommand of netavark's interface to external plugins. Never throws: every failure becomes its error message. */
export function runNetavark(input: NetavarkInput): PluginOutput {
  try {
    const answer = dispatch(input);
    return { stdout: answer === undefined ? "" : `${JSON.stringify(answer)}\n`, code: 0 };
  } catch (error) {
    return { stdout: `${JSON.stringify({ error: describeError(error) })}\n`, code: 1 };
  }
}

function dispatch({ args: [subcommand, netns = ""], stdin, runPlugin }: NetavarkInput): JsonObject | undefined {
  switch (subcommand) {
    case "info":
      return { version: VERSION, api_version: API_VERSION };
    case "create":
      return createdNetwork(readNetwork(decodeConfig(stdin())));
    case "setup":
      return statusOf(JSON.parse(carriedOut(addCallOf(netns, decodeConfig(stdin())), runPlugin)) as CniResult);
    case "teardown":
      carriedOut(deleteCallOf(netns, decodeConfig(stdin())), runPlugin);
      return undefined;
    default:
      throw new PharosError(PLUGIN_BAD_COMMAND, `subcommand is ${JSON.stringify(subcommand)}`);
  }
}

/** The plugin's output; a failure is thrown with the text of the CNI error's details, which hold the code, the cause and what to do. */
function carriedOut({ env, config }: CniCall, runPlugin: NetavarkInput["runPlugin"]): string {
  const output = runPlugin({ env, stdin: JSON.stringify(config) });
  if (output.code === 0) return output.stdout;
  throw new Error((JSON.parse(output.stdout) as { readonly details: string }).details);
}
