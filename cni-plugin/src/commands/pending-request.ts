import { readFileSync } from "node:fs";
import { ATTACH_BAD_DATA, objectOf, type PodRequest, readBridges } from "@pharos/attach";
import { isSystemError, PharosError } from "@pharos/base/errors";
import { dataPath, hasInlineData, type PluginConfig } from "../config.ts";

/**
 * The request with the bridges that the agent noted for this pod before it started, where the pod itself names none: in
 * `requests/<namespace>/<name>.json` beside the network data, `{"version": 1, "bridge": "net0"}`.
 */
export function withPendingRequest(config: PluginConfig, request: PodRequest): PodRequest {
  if (request.bridges.length > 0 || request.pod === undefined || hasInlineData(config)) return request;
  const path = pendingPath(dataPath(config), request.pod);
  const text = readIfThere(path);
  return text === undefined ? request : { ...request, bridges: bridgesOf(text, path) };
}

/** Both parts of a pod's name were checked to be no path. */
function pendingPath(data: string, { namespace, name }: NonNullable<PodRequest["pod"]>): string {
  return `${data.slice(0, data.lastIndexOf("/") + 1)}requests/${namespace}/${name}.json`;
}

function bridgesOf(text: string, path: string): readonly string[] {
  try {
    const { version, bridge } = objectOf(JSON.parse(text), path);
    if (version !== 1) throw new RangeError(`version is ${JSON.stringify(version)}, not 1`);
    if (typeof bridge !== "string") throw new RangeError("bridge is not a string");
    return readBridges(bridge, "bridge");
  } catch (cause) {
    throw new PharosError(ATTACH_BAD_DATA, `the request ${path} cannot be used`, { cause });
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return undefined;
    throw new PharosError(ATTACH_BAD_DATA, `the request ${path} cannot be read`, { cause: error });
  }
}
