import { readFileSync } from "node:fs";
import { type CniVersion, isCniVersion, type JsonObject, objectOf, readNetworkData, textOf } from "@pharos/attach";
import { PharosError } from "@pharos/base/errors";
import { POD_NETWORK_DATA_PATH, type PodNetworkData } from "@pharos/hoststate";
import { LEDGER_FOLDER } from "@pharos/ledger";
import { PLUGIN_BAD_JSON, PLUGIN_NO_DATA, PLUGIN_VERSION_UNSUPPORTED } from "./codes.ts";

/** The plugin's configuration, as far as all commands need it. */
export interface PluginConfig {
  readonly cniVersion: CniVersion;
  /** Folder of the ledger (`stateDir`). */
  readonly stateDir: string;
  /** The whole configuration as it came. */
  readonly fields: JsonObject;
}

/** Decodes standard input. An empty one is an empty object, which VERSION may be called with. */
export function decodeConfig(stdin: string): JsonObject {
  try {
    return objectOf(stdin.trim() === "" ? {} : JSON.parse(stdin), "configuration");
  } catch (cause) {
    throw new PharosError(PLUGIN_BAD_JSON, "standard input is not a JSON object", { cause });
  }
}

/** Reads what all commands need. */
export function readConfig(fields: JsonObject): PluginConfig {
  // CNI 0.1.0 configurations had no cniVersion at all.
  const cniVersion = textOf(fields.cniVersion, "cniVersion") ?? "0.1.0";
  if (!isCniVersion(cniVersion)) throw new PharosError(PLUGIN_VERSION_UNSUPPORTED, `cniVersion ${cniVersion} is not supported`);
  return { cniVersion, stateDir: textOf(fields.stateDir, "stateDir") ?? LEDGER_FOLDER, fields };
}

/** True when the configuration brings the network data itself, so that no agent looks after their bridges. */
export function hasInlineData({ fields }: PluginConfig): boolean {
  return fields.pharos !== undefined;
}

/** Where the agent writes the network data. */
export function dataPath({ fields }: PluginConfig): string {
  return textOf(fields.dataFile, "dataFile") ?? POD_NETWORK_DATA_PATH;
}

/** The network data: inline in the configuration (`pharos`), else the file that the agent writes (`dataFile`). */
export function loadNetworkData(config: PluginConfig): PodNetworkData {
  if (hasInlineData(config)) return readNetworkData(config.fields.pharos);
  const path = dataPath(config);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new PharosError(PLUGIN_NO_DATA, `cannot read ${path}`, { cause });
  }
  return readNetworkData(parsed(text, path));
}

function parsed(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PharosError(PLUGIN_BAD_JSON, `${path} is not JSON`, { cause });
  }
}
