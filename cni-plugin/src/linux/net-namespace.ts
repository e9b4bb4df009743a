import { closeSync, fstatSync, openSync } from "node:fs";
import { PharosError } from "@pharos/base/errors";
import { PLUGIN_BAD_NAMESPACE } from "../codes.ts";
import { type Libc, systemError } from "./libc.ts";

const CLONE_NEWNET = 0x4000_0000;
const OWN = "/proc/thread-self/ns/net";

/** An open network namespace. */
export interface NetNamespace {
  readonly descriptor: number;
  /** Runs `work` with this thread inside the namespace, and comes back also when `work` throws. */
  run<T>(work: () => T): T;
  close(): void;
}

/** Opens the network namespace at `path`. Refuses the one that this process is in: a pod never shares the host's. */
export function openNetNamespace(libc: Libc, path: string): NetNamespace {
  const descriptor = openOrRefuse(path);
  const own = openSync(OWN, "r");
  if (fstatSync(descriptor).ino === fstatSync(own).ino) {
    closeSync(own);
    closeSync(descriptor);
    throw new PharosError(PLUGIN_BAD_NAMESPACE, `${path} is the host's own network namespace`);
  }
  return {
    descriptor,
    run: (work) => {
      enter(libc, descriptor, path);
      try {
        return work();
      } finally {
        enter(libc, own, OWN);
      }
    },
    close: () => {
      closeSync(own);
      closeSync(descriptor);
    },
  };
}

function openOrRefuse(path: string): number {
  try {
    return openSync(path, "r");
  } catch (cause) {
    throw new PharosError(PLUGIN_BAD_NAMESPACE, `cannot open ${JSON.stringify(path)}`, { cause });
  }
}

function enter(libc: Libc, descriptor: number, path: string): void {
  if (libc.setns(descriptor, CLONE_NEWNET) !== 0)
    throw new PharosError(PLUGIN_BAD_NAMESPACE, `cannot enter ${path}`, { cause: systemError("setns") });
}
