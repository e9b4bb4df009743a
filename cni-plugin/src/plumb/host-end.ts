import type { Attachment } from "@pharos/attach";
import { PharosError } from "@pharos/base/errors";
import {
  type BridgePortFields,
  decodeLink,
  encodeBridgePortChange,
  encodeLinkChange,
  encodeLinkCreate,
  type LinkRecord,
} from "@pharos/kernel/netlink";
import { PLUGIN_KERNEL_REFUSED } from "../codes.ts";
import type { NetlinkRequest } from "../linux/netlink-socket.ts";
import type { Fault, Sides } from "./fault.ts";
import { linkRequest, withoutLinkLocal } from "./links.ts";

/** MTU of both ends in bytes. */
export function mtuOf({ bridge }: Attachment, link: LinkRecord): number {
  return bridge.mtu ?? link.mtu;
}

/**
 * Makes the veth pair, the pod's end born in its namespace. The host's end is up and a port of the bridge at once. A port needs no
 * address: with a link-local one each pod would put three routes into the host's tables, through which every deletion of a link walks.
 */
export function createPair(sides: Sides, attachment: Attachment, bridge: LinkRecord): LinkRecord {
  const { hostName: name, key, mac, alias } = attachment;
  const mtu = mtuOf(attachment, bridge);
  const peer = { name: key.ifname, mac, mtu, namespaceFd: sides.namespace.descriptor };
  const port = portOf(attachment);
  const create = encodeLinkCreate({ name, mtu, master: bridge.index }, { kind: "veth", peer });
  const replies = sides.host.exchange([
    { what: `create ${name} with ${key.ifname} in the pod`, bytes: create },
    withoutLinkLocal({ name }),
    { what: `mark ${name}`, bytes: encodeLinkChange({ name, alias, up: true }) },
    ...(port.hairpin || port.isolated ? [portRequest(name, port)] : []),
    linkRequest(name),
  ]);
  const made = (replies.at(-1) ?? []).map(decodeLink).find((link) => link?.name === name);
  if (made === undefined) throw new PharosError(PLUGIN_KERNEL_REFUSED, `${name} vanished while it was made`);
  return made;
}

/** What of the host's end is not as the attachment says. */
export function hostEndFaults(attachment: Attachment, link: LinkRecord, bridge: LinkRecord): readonly Fault[] {
  const { hostName: name, alias } = attachment;
  const { index } = link;
  const mtu = mtuOf(attachment, bridge);
  const port = portOf(attachment);
  const isPort = link.master === bridge.index;
  const faults: Fault[] = [];
  const fault = (says: string, what: string, bytes: Uint8Array) =>
    faults.push({ says, fixes: [{ kind: "host", request: { what, bytes } }] });
  if (link.alias !== alias) fault(`${name} has not our mark`, `mark ${name}`, encodeLinkChange({ index, alias }));
  if (link.mtu !== mtu) fault(`${name} has the MTU ${link.mtu} instead of ${mtu}`, `set MTU of ${name}`, encodeLinkChange({ index, mtu }));
  if (!isPort)
    fault(`${name} is not a port of ${bridge.name}`, `join ${name} to ${bridge.name}`, encodeLinkChange({ index, master: bridge.index }));
  if (!isPort || link.port?.hairpin !== port.hairpin || link.port.isolated !== port.isolated) {
    const request = portRequest(name, port);
    faults.push({ says: `the bridge's flags for ${name} are other ones`, fixes: [{ kind: "host", request }] });
  }
  if (!link.up) fault(`${name} is down`, `set ${name} up`, encodeLinkChange({ index, up: true }));
  return faults;
}

function portRequest(name: string, port: BridgePortFields): NetlinkRequest {
  return { what: `set the bridge's flags for ${name}`, bytes: encodeBridgePortChange(name, port) };
}

/** A pod that publishes a port reaches it at the host's address too, where bridged packets pass the firewall. */
function portOf({ bridge, ports }: Attachment): Required<BridgePortFields> {
  return { hairpin: bridge.hairpin === true || ports.length > 0, isolated: bridge.isolated === true };
}
