import { CNI_VERSIONS, type CniVersion } from "@pharos/attach";
import { PharosError } from "@pharos/base/errors";
import { type CniError, cniErrorOf } from "./cni-error.ts";
import { PLUGIN_BAD_COMMAND, PLUGIN_VERSION_UNSUPPORTED } from "./codes.ts";
import { add } from "./commands/add.ts";
import { check } from "./commands/check.ts";
import { collectGarbage } from "./commands/collect-garbage.ts";
import type { CommandContext } from "./commands/context.ts";
import { del } from "./commands/delete.ts";
import { isLoopback, loopback } from "./commands/loopback.ts";
import { status } from "./commands/status.ts";
import { decodeConfig, readConfig } from "./config.ts";
import { renewLeases } from "./dhcp/renew.ts";

/** What a runtime hands to a plugin: the CNI_* variables and standard input. */
export interface PluginInput {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: string;
}

/** What the plugin hands back: text for standard output, and the exit code. */
export interface PluginOutput {
  readonly stdout: string;
  readonly code: 0 | 1;
}

const LATEST: CniVersion = "1.1.0";

/** Runs one CNI command (CNI 1.1). Never throws: every failure becomes an error result. */
export function runPlugin({ env, stdin }: PluginInput): PluginOutput {
  const command = env.CNI_COMMAND ?? "";
  let version: string = LATEST;
  let isDecoded = false;
  try {
    const fields = decodeConfig(stdin);
    isDecoded = true;
    if (typeof fields.cniVersion === "string") version = fields.cniVersion;
    if (command === "VERSION") return success({ cniVersion: version, supportedVersions: CNI_VERSIONS });
    const parameters = { containerID: env.CNI_CONTAINERID, ifname: env.CNI_IFNAME, args: env.CNI_ARGS };
    const result = dispatch(command, { config: readConfig(fields), parameters, netns: env.CNI_NETNS ?? "" });
    return result === undefined ? { stdout: "", code: 0 } : success(result);
  } catch (error) {
    return failure(cniErrorOf(error, version, isDecoded && command === "STATUS"));
  }
}

/** The first version of the specification that has a command; those that are not here are in all. */
const SINCE: Readonly<Record<string, CniVersion>> = { CHECK: "0.4.0", GC: "1.1.0", STATUS: "1.1.0" };

function dispatch(command: string, context: CommandContext): unknown {
  requireVersion(command, context);
  if (isLoopback(context)) return loopback(command, context);
  switch (command) {
    case "ADD":
      return add(context);
    case "DEL":
      return del(context);
    case "CHECK":
      return check(context);
    case "GC":
      return collectGarbage(context);
    case "STATUS":
      return status(context);
    case "RENEW":
      return renewLeases(context);
    default:
      throw new PharosError(PLUGIN_BAD_COMMAND, `CNI_COMMAND is ${JSON.stringify(command)}`);
  }
}

function requireVersion(command: string, { config }: CommandContext): void {
  const minimum = SINCE[command];
  if (minimum !== undefined && CNI_VERSIONS.indexOf(config.cniVersion) < CNI_VERSIONS.indexOf(minimum))
    throw new PharosError(
      PLUGIN_VERSION_UNSUPPORTED,
      `${command} needs cniVersion ${minimum}, the configuration says ${config.cniVersion}`,
    );
}

function success(result: unknown): PluginOutput {
  return { stdout: `${JSON.stringify(result)}\n`, code: 0 };
}

function failure(error: CniError): PluginOutput {
  return { stdout: `${JSON.stringify(error)}\n`, code: 1 };
}
