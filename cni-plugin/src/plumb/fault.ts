import { readFileSync, writeFileSync } from "node:fs";
import { isSystemError } from "@pharos/base/errors";
import type { NetNamespace } from "../linux/net-namespace.ts";
import type { NetlinkRequest, NetlinkSocket } from "../linux/netlink-socket.ts";

/** Both sides of an attachment: sockets in the host's and the pod's namespace. */
export interface Sides {
  readonly host: NetlinkSocket;
  readonly pod: NetlinkSocket;
  readonly namespace: NetNamespace;
}

/** One step that puts something right: a netlink request on one side, or a sysctl of the pod below `/proc/sys/net`. */
export type Fix =
  | { readonly kind: "host" | "pod"; readonly request: NetlinkRequest }
  | { readonly kind: "sysctl"; readonly name: string; readonly value: string };

/** Something that is not as an attachment says, in words, and what puts it right. CHECK tells faults, and ADD mends them. */
export interface Fault {
  readonly says: string;
  readonly fixes: readonly Fix[];
}

/** Carries out all fixes: sysctls first, because links act on them as they come up, then the host's side, then the pod's, each in one batch. */
export function mend(sides: Sides, faults: readonly Fault[]): void {
  const fixes = faults.flatMap((fault) => fault.fixes);
  const sysctls = fixes.flatMap((fix) => (fix.kind === "sysctl" ? [fix] : []));
  if (sysctls.length > 0) sides.namespace.run(() => sysctls.forEach(writeSysctl));
  for (const kind of ["host", "pod"] as const) sides[kind].exchange(fixes.flatMap((fix) => (fix.kind === kind ? [fix.request] : [])));
}

/**
 * A kernel without the setting, such as one without IPv6, has nothing to set. One that is right already is not written: while other
 * links come and go the kernel lets a writer of `disable_ipv6` try hundreds of times.
 */
function writeSysctl({ name, value }: { readonly name: string; readonly value: string }): void {
  const path = `/proc/sys/net/${name}`;
  try {
    if (readFileSync(path, "utf8").trim() !== value) writeFileSync(path, value);
  } catch (error) {
    if (!isSystemError(error, "ENOENT")) throw error;
  }
}
