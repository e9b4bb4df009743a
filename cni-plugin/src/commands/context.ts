import type { PodParameters } from "@pharos/attach";
import { PharosError } from "@pharos/base/errors";
import { PLUGIN_BAD_NAMESPACE } from "../codes.ts";
import type { PluginConfig } from "../config.ts";
import { bindLibc } from "../linux/libc.ts";
import { openNetNamespace } from "../linux/net-namespace.ts";
import { NetlinkSocket } from "../linux/netlink-socket.ts";
import type { Sides } from "../plumb/fault.ts";

/** What a command works on. */
export interface CommandContext {
  readonly config: PluginConfig;
  readonly parameters: PodParameters;
  /** `CNI_NETNS`; may be empty for DEL. */
  readonly netns: string;
}

/** Opens the pod's namespace and a socket on each side for the time of `work`. */
export function withSides<T>(netns: string, work: (sides: Sides) => T): T {
  if (netns === "") throw new PharosError(PLUGIN_BAD_NAMESPACE, "CNI_NETNS is empty");
  const libc = bindLibc();
  const namespace = openNetNamespace(netns);
  try {
    const host = new NetlinkSocket(libc);
    try {
      const pod = namespace.run(() => new NetlinkSocket(libc));
      try {
        return work({ host, pod, namespace });
      } finally {
        pod.close();
      }
    } finally {
      host.close();
    }
  } finally {
    namespace.close();
  }
}

/** Opens a socket in the host's namespace for the time of `work`. */
export function withHost<T>(work: (host: NetlinkSocket) => T): T {
  const host = new NetlinkSocket(bindLibc());
  try {
    return work(host);
  } finally {
    host.close();
  }
}
