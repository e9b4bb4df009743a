import { existsSync } from "node:fs";
import { dirname } from "node:path";

/** Looks at a pod's network namespace by its path. */
export type NetnsLook = (netns: string | undefined) => NetnsState;

/** What can be told of a network namespace by its path. */
export type NetnsState =
  /** `path` is how this process reaches it. */
  | { readonly kind: "there"; readonly path: string }
  | { readonly kind: "gone" }
  /** The agent does not see the folder that holds it, or a path below /proc may mean another process by now, or here. */
  | { readonly kind: "unknown" };

/** /var/run is /run (FHS 3.0); in an image it may be missing. */
const ALIAS = /^\/var\/run\//;

/** The namespace of a process; so Podman names that of a container without a network of its own. */
const OF_PROCESS = /^(\/proc\/\d+)\/ns\/net$/;

/**
 * Looks whether a pod's network namespace is there. Of a process only its end can be told, as its number may be another one's by now,
 * and that only where this process sees all of the host's (`seesProcesses`; not in a container).
 */
export function netnsState(netns: string | undefined, seesProcesses = true): NetnsState {
  const process = seesProcesses ? OF_PROCESS.exec(netns ?? "")?.[1] : undefined;
  if (process !== undefined && !existsSync(process)) return { kind: "gone" };
  if (netns === undefined || !netns.startsWith("/") || netns.startsWith("/proc/")) return { kind: "unknown" };
  const ways = [netns, ...(ALIAS.test(netns) ? [netns.replace(ALIAS, "/run/")] : [])];
  const path = ways.find((way) => existsSync(way));
  if (path !== undefined) return { kind: "there", path };
  return ways.some((way) => existsSync(dirname(way))) ? { kind: "gone" } : { kind: "unknown" };
}
