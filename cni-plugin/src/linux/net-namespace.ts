import { closeSync, fstatSync, openSync, statfsSync, statSync } from "node:fs";
import { PharosError } from "@pharos/base/errors";
import { withNamespace } from "@pharos/kernel/namespace";
import { PLUGIN_BAD_NAMESPACE } from "../codes.ts";

/** Type of the file system of namespaces (linux/magic.h). */
const NSFS_MAGIC = 0x6e736673;

/** An open network namespace. */
export interface NetNamespace {
  readonly descriptor: number;
  /** Runs `work` with this thread inside the namespace, and comes back also when `work` throws. */
  run<T>(work: () => T): T;
  close(): void;
}

/** Opens the network namespace at `path`. Refuses the one that this process is in: a pod never shares the host's. */
export function openNetNamespace(path: string): NetNamespace {
  const descriptor = openOrRefuse(path);
  if (statfsSync(`/proc/self/fd/${descriptor}`).type !== NSFS_MAGIC) {
    closeSync(descriptor);
    throw new PharosError(PLUGIN_BAD_NAMESPACE, `${path} is no network namespace`);
  }
  if (fstatSync(descriptor).ino === statSync("/proc/thread-self/ns/net").ino) {
    closeSync(descriptor);
    throw new PharosError(PLUGIN_BAD_NAMESPACE, `${path} is the host's own network namespace`);
  }
  return { descriptor, run: (work) => withNamespace(descriptor, work), close: () => closeSync(descriptor) };
}

function openOrRefuse(path: string): number {
  try {
    return openSync(path, "r");
  } catch (cause) {
    throw new PharosError(PLUGIN_BAD_NAMESPACE, `cannot open ${JSON.stringify(path)}`, { cause });
  }
}
