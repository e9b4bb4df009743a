import { mkdirSync, watch } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describeError, type Log } from "@pharos/base";
import type { ContainerRuntime, RunningContainer } from "./runtime.ts";

/**
 * A runtime that describes each of its containers in one JSON file of a folder: `<id>.json` holding a RunningContainer.
 * The vehicle in a box uses it, and so can any runtime that has no API of its own.
 */
export function directoryRuntime(folder: string, log: Log): ContainerRuntime {
  mkdirSync(folder, { recursive: true });
  return {
    list: async () => {
      const names = (await readdir(folder)).filter((name) => name.endsWith(".json")).sort();
      const read = await Promise.all(names.map((name) => readContainer(join(folder, name), log)));
      return read.filter((container) => container !== undefined);
    },
    watch: (onChange, signal) => {
      const watcher = watch(folder, { signal }, () => onChange());
      watcher.on("error", (error) => log.error("cannot watch the container folder", { folder, error: describeError(error) }));
    },
  };
}

async function readContainer(path: string, log: Log): Promise<RunningContainer | undefined> {
  try {
    return asContainer(JSON.parse(await readFile(path, "utf8")));
  } catch (error) {
    log.warn("container description left out", { path, error: describeError(error) });
    return undefined;
  }
}

function asContainer(value: unknown): RunningContainer {
  const { id, pod, name, labels, annotations, netns } = value as Partial<RunningContainer>;
  if (typeof id !== "string" || !/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(id)) throw new Error("id is missing or not a container id");
  if (typeof pod?.name !== "string" || typeof pod.namespace !== "string") throw new Error("pod.namespace or pod.name is missing");
  return {
    id,
    pod,
    name: name ?? pod.name,
    labels: labels ?? {},
    annotations: annotations ?? {},
    ...(netns === undefined ? {} : { netns }),
  };
}
