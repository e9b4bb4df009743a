import { writeFileSync } from "node:fs";
import { POD_ALIAS } from "@pharos/attach";
import { PharosError } from "@pharos/base/errors";
import { type PodBridge, parsePrefix } from "@pharos/hoststate";
import { encodeAddressAdd, encodeLinkChange, encodeLinkCreate, type LinkRecord, PHAROS_PROTOCOL } from "@pharos/kernel/netlink";
import { PLUGIN_FOREIGN_LINK, PLUGIN_KERNEL_REFUSED } from "../codes.ts";
import type { NetlinkRequest, NetlinkSocket } from "../linux/netlink-socket.ts";
import { findLink, listAddresses } from "./links.ts";

/** The mark of the agent's bridges, which the agent removes when no document wants them. */
export const AGENT_BRIDGE_ALIAS = "pharos";
/** The mark of bridges that only a plugin configuration knows: as with all that begins so, the agent leaves them and their addresses alone. */
export const INLINE_BRIDGE_ALIAS = `${POD_ALIAS}-bridge`;

/** What a bridge is born with. */
interface BridgeMarks {
  /** Lower case with colons. */
  readonly mac: string;
  readonly alias: string;
}

/** The bridge as it is in the kernel after it was made, brought up and given its addresses, each where it was missing. `found`: the link of its name, if there is one. */
export function ensureBridge(socket: NetlinkSocket, bridge: PodBridge, marks: BridgeMarks, found?: LinkRecord): LinkRecord {
  const link = found ?? createBridge(socket, bridge, marks);
  if (link.kind !== "bridge") throw new PharosError(PLUGIN_FOREIGN_LINK, `${bridge.name} exists and is no bridge`);
  socket.exchange(bridgeFaults(socket, bridge, link).flatMap(({ request }) => request));
  return link;
}

/** What of a bridge that is there is not as its data say, each with the request that mends it. */
export function bridgeFaults(
  socket: NetlinkSocket,
  bridge: PodBridge,
  { index, up }: LinkRecord,
): readonly { readonly says: string; readonly request: NetlinkRequest }[] {
  const { name } = bridge;
  const down = { says: `bridge ${name} is down`, request: { what: `set ${name} up`, bytes: encodeLinkChange({ index, up: true }) } };
  const missing = missingAddresses(socket, bridge, index).map((address) => ({
    says: `bridge ${name} has not the address ${address}`,
    request: {
      what: `add ${address} to ${name}`,
      bytes: encodeAddressAdd({ index, address, protocol: PHAROS_PROTOCOL }),
      tolerate: ["EEXIST"],
    },
  }));
  return [...(up ? [] : [down]), ...missing];
}

/**
 * Makes the bridge in the shape in which the agent makes it, so that the agent finds nothing to change. A wanted MTU is given by
 * a change to another value than that of birth: only then the kernel keeps it when ports with a smaller one come.
 */
function createBridge(socket: NetlinkSocket, bridge: PodBridge, { mac, alias }: BridgeMarks): LinkRecord {
  const { name, mtu } = bridge;
  const birth = { name, up: true, mac, ...(mtu === undefined ? {} : { mtu: mtu === 1500 ? 1499 : 1500 }) };
  const kind = { kind: "bridge", callIptables: false, callIp6tables: false, multicastSnooping: false } as const;
  socket.exchange([
    // Another ADD, or the agent, may be quicker: then its bridge is as good.
    { what: `create bridge ${name}`, bytes: encodeLinkCreate(birth, kind), tolerate: ["EEXIST"] },
    { what: `mark ${name}`, bytes: encodeLinkChange({ name, alias, ...(mtu === undefined ? {} : { mtu }) }) },
  ]);
  if (bridge.isGateway) enableForwarding(bridge);
  const made = findLink(socket, name);
  if (made === undefined) throw new PharosError(PLUGIN_KERNEL_REFUSED, `bridge ${name} vanished while it was made`);
  return made;
}

function missingAddresses(socket: NetlinkSocket, bridge: PodBridge, index: number): readonly string[] {
  const wanted = bridge.ranges.flatMap(({ gateway, subnet }) =>
    gateway === undefined ? [] : [`${gateway}/${parsePrefix(subnet)?.length}`],
  );
  if (wanted.length === 0) return [];
  // Only the families that are wanted: most bridges have none but IPv4 addresses, and reading IPv6 ones takes a library.
  const families = new Set(wanted.map((address) => parsePrefix(address)?.ip.family));
  const addresses = [...families].flatMap((family) => listAddresses(socket, index, family));
  const present = new Set(addresses.map(hostPart));
  // Compared without length: where the agent gave the address another length, that is its decision.
  return wanted.filter((address) => !present.has(hostPart(address)));
}

function enableForwarding(bridge: PodBridge): void {
  const families = new Set(bridge.ranges.map(({ subnet }) => parsePrefix(subnet)?.ip.family));
  if (families.has("ipv4")) writeFileSync("/proc/sys/net/ipv4/ip_forward", "1");
  if (families.has("ipv6")) writeFileSync("/proc/sys/net/ipv6/conf/all/forwarding", "1");
}

function hostPart(address: string): string {
  return address.split("/")[0] ?? address;
}
