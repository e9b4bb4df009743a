import { afterPrevious, type CniResult, readPreviousResult } from "@pharos/attach";
import { PharosError } from "@pharos/base/errors";
import { decodeLink, encodeLinkChange, encodeLinkGet } from "@pharos/kernel/netlink";
import { PLUGIN_BAD_COMMAND, PLUGIN_CHECK_FAILED } from "../codes.ts";
import type { NetlinkSocket } from "../linux/netlink-socket.ts";
import { listAddresses } from "../plumb/links.ts";
import { type CommandContext, withSides } from "./context.ts";

/** Index of the loopback in every network namespace. */
const INDEX = 1;
const MAC = "00:00:00:00:00:00";

/** True for a configuration of the plugin `loopback`, which a runtime without a loopback of its own executes. */
export function isLoopback({ config }: CommandContext): boolean {
  return config.fields.type === "loopback";
}

/** ADD, DEL and CHECK as the reference plugin `loopback` does them; GC and STATUS have nothing to do. */
export function loopback(command: string, context: CommandContext): unknown {
  switch (command) {
    case "ADD":
      return addLoopback(context);
    case "DEL":
      return deleteLoopback(context);
    case "CHECK":
      return checkLoopback(context);
    case "GC":
    case "STATUS":
      return undefined;
    default:
      throw new PharosError(PLUGIN_BAD_COMMAND, `CNI_COMMAND is ${JSON.stringify(command)}`);
  }
}

function addLoopback({ config, netns }: CommandContext): unknown {
  const previous = readPreviousResult(config.fields.prevResult);
  return withSides(netns, ({ pod }) => {
    setUp(pod, true);
    const isOld = config.cniVersion === "0.3.1" || config.cniVersion === "0.4.0";
    const result: CniResult = {
      cniVersion: config.cniVersion,
      interfaces: [{ name: "lo", mac: MAC, sandbox: netns }],
      ips: listAddresses(pod, INDEX).map((address) => ({
        ...(isOld ? { version: address.includes(":") ? ("6" as const) : ("4" as const) } : {}),
        address,
        interface: 0,
      })),
      routes: [],
      dns: {},
    };
    return afterPrevious(result, previous);
  });
}

/** A namespace that is gone has nothing to undo. */
function deleteLoopback({ netns }: CommandContext): undefined {
  try {
    withSides(netns, ({ pod }) => setUp(pod, false));
  } catch {
    return undefined;
  }
  return undefined;
}

function checkLoopback({ netns }: CommandContext): undefined {
  return withSides(netns, ({ pod }) => {
    const [replies = []] = pod.exchange([{ what: "look up the loopback", bytes: encodeLinkGet({ index: INDEX }) }]);
    if (!replies.map(decodeLink).some((link) => link?.up === true))
      throw new PharosError(PLUGIN_CHECK_FAILED, "the pod's loopback is down");
    return undefined;
  });
}

function setUp(pod: NetlinkSocket, up: boolean): void {
  pod.exchange([{ what: `set the loopback ${up ? "up" : "down"}`, bytes: encodeLinkChange({ index: INDEX, up }) }]);
}
