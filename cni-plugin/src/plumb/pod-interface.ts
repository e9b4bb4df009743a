import { existsSync, writeFileSync } from "node:fs";
import type { Attachment } from "@pharos/attach";
import { PharosError } from "@pharos/base/errors";
import { formatPrefix, networkOf, parsePrefix } from "@pharos/hoststate";
import {
  encodeAddressAdd,
  encodeBridgePortChange,
  encodeLinkChange,
  encodeLinkCreate,
  encodeRouteAdd,
  type LinkRecord,
  PHAROS_PROTOCOL,
  type RouteFields,
} from "@pharos/kernel/netlink";
import { PLUGIN_KERNEL_REFUSED } from "../codes.ts";
import type { NetNamespace } from "../linux/net-namespace.ts";
import type { NetlinkSocket } from "../linux/netlink-socket.ts";
import { findLink } from "./links.ts";

const LOOPBACK_INDEX = 1;
const MAIN_TABLE = 254;
const IPV6_METRIC = 1024;

/** Both sides of an attachment: sockets in the host's and the pod's namespace. */
export interface Sides {
  readonly host: NetlinkSocket;
  readonly pod: NetlinkSocket;
  readonly namespace: NetNamespace;
}

/** Makes the veth pair, the pod's end born in its namespace. The host's end is up and a port of the bridge at once. */
export function createPair(sides: Sides, attachment: Attachment, bridge: LinkRecord): LinkRecord {
  const { hostName: name, key, mac, alias } = attachment;
  const mtu = attachment.bridge.mtu ?? bridge.mtu;
  const peer = { name: key.ifname, mac, mtu, namespaceFd: sides.namespace.descriptor };
  sides.host.exchange([
    {
      what: `create ${name} with ${key.ifname} in the pod`,
      bytes: encodeLinkCreate({ name, up: true, mtu, master: bridge.index }, { kind: "veth", peer }),
    },
    { what: `mark ${name}`, bytes: encodeLinkChange({ name, alias }) },
    ...(needsHairpin(attachment) ? [{ what: `let ${name} send back`, bytes: encodeBridgePortChange(name, { hairpin: true }) }] : []),
  ]);
  const made = findLink(sides.host, name);
  if (made === undefined) throw new PharosError(PLUGIN_KERNEL_REFUSED, `${name} vanished while it was made`);
  return made;
}

/** A pod that publishes a port reaches it at the host's address too, where bridged packets pass the firewall. */
function needsHairpin({ bridge, ports }: Attachment): boolean {
  return bridge.hairpin === true || ports.length > 0;
}

/** Gives the pod's end its addresses, brings it and the loopback up, and adds the routes. */
export function configurePod(sides: Sides, attachment: Attachment): void {
  const { ifname } = attachment.key;
  const index = findLink(sides.pod, ifname)?.index;
  if (index === undefined) throw new PharosError(PLUGIN_KERNEL_REFUSED, `${ifname} is missing in the pod's namespace`);
  sides.namespace.run(() => setSysctls(attachment));
  sides.pod.exchange([
    { what: "set the pod's loopback up", bytes: encodeLinkChange({ index: LOOPBACK_INDEX, up: true }) },
    ...attachment.addresses.map(({ address }) => ({
      what: `add ${address} to ${ifname}`,
      bytes: encodeAddressAdd({ index, address, protocol: PHAROS_PROTOCOL }),
    })),
    { what: `set ${ifname} up`, bytes: encodeLinkChange({ index, up: true }) },
    ...podRoutes(attachment, index).map((route) => ({
      what: `add route to ${route.destination} in the pod`,
      bytes: encodeRouteAdd(route),
    })),
  ]);
}

/** The routes of the attachment in the shape of the kernel. */
export function podRoutes(attachment: Pick<Attachment, "routes">, index: number): readonly RouteFields[] {
  return attachment.routes.flatMap(({ dst, gw }) => {
    const prefix = parsePrefix(dst);
    if (prefix === undefined) return [];
    const fields = {
      destination: formatPrefix(networkOf(prefix)),
      table: MAIN_TABLE,
      metric: prefix.ip.family === "ipv6" ? IPV6_METRIC : 0,
      type: "unicast" as const,
      index,
      protocol: PHAROS_PROTOCOL,
    };
    return [gw === undefined ? fields : { ...fields, gateway: gw }];
  });
}

/** Announces the address when the link comes up, since its last holder had another hardware address; allows IPv6 where it is used. */
function setSysctls({ key, addresses }: Attachment): void {
  const uses6 = addresses.some(({ address }) => address.includes(":"));
  const settings: readonly (readonly [string, string])[] = [
    [`ipv4/conf/${key.ifname}/arp_notify`, "1"],
    ...(uses6
      ? ([
          [`ipv6/conf/${key.ifname}/disable_ipv6`, "0"],
          [`ipv6/conf/${key.ifname}/ndisc_notify`, "1"],
        ] as const)
      : []),
  ];
  for (const [name, value] of settings) if (existsSync(`/proc/sys/net/${name}`)) writeFileSync(`/proc/sys/net/${name}`, value);
}
