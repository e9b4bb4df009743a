import { closeSync, openSync } from "node:fs";
import { PharosError } from "@pharos/base";
import koffi from "koffi";
import { KERNEL_CODES } from "./codes.ts";

const CLONE_NEWNET = 0x40000000;
/** The register entry of a namespace that cannot be opened or entered. */
export const NAMESPACE_UNUSABLE = KERNEL_CODES.namespace;

type Setns = (fd: number, type: number) => number;

function loadSetns(): Setns {
  return koffi.load(null).func("int setns(int fd, int nstype)");
}

function enter(setns: Setns, fd: number, what: string): void {
  if (setns(fd, CLONE_NEWNET) === 0) return;
  const reason = Object.entries(koffi.os.errno).find(([, number]) => number === koffi.errno())?.[0] ?? "unknown error";
  throw new PharosError(KERNEL_CODES.namespace, `cannot enter the network namespace ${what}: ${reason}`);
}

/**
 * Runs `fn` with the calling thread inside a network namespace, given by path or by descriptor, and comes back. Sockets that `fn`
 * opens, and children that it spawns, stay there. `fn` must be synchronous: the rest of an async function would run outside.
 * PHAROS-2003 when the namespace cannot be opened or entered.
 */
export function withNamespace<T>(namespace: string | number, fn: () => T): T {
  const setns = loadSetns();
  const home = openSync("/proc/thread-self/ns/net", "r");
  try {
    const fd = typeof namespace === "number" ? namespace : openNamespace(namespace);
    try {
      enter(setns, fd, String(namespace));
    } finally {
      if (typeof namespace === "string") closeSync(fd);
    }
    try {
      return fn();
    } finally {
      enter(setns, home, "of this process");
    }
  } finally {
    closeSync(home);
  }
}

function openNamespace(path: string): number {
  try {
    return openSync(path, "r");
  } catch (cause) {
    throw new PharosError(KERNEL_CODES.namespace, `cannot open the network namespace ${path}`, { cause });
  }
}
