import { PharosError } from "@pharos/base";
import { containsIp, type HostState, type Link, parseIp, parsePrefix, type Route, sameIp } from "@pharos/hoststate";
import { KERNEL_CODES } from "../codes.ts";
import { NetlinkError } from "../netlink/netlink-error.ts";

const ERRNO = { EEXIST: 17, EBUSY: 16, EINVAL: 22, ENETUNREACH: 101, EHOSTUNREACH: 113 } as const;

/** The link of that name, or PHAROS-2005 as the real kernel port says. */
export function mustExist(state: HostState, name: string): Link {
  const link = state.links.find((other) => other.name === name);
  if (link === undefined) throw new PharosError(KERNEL_CODES.linkMissing, `there is no link ${name}`);
  return link;
}

function refuseKind(existing: Link, wanted: Link): void {
  if (wanted.kind === "physical" || existing.kind === wanted.kind) return;
  throw new PharosError(KERNEL_CODES.linkForeign, `${wanted.name} exists as ${existing.kind}, not as ${wanted.kind}`);
}

function checkMaster(state: HostState, { name, master }: Link): void {
  if (typeof master !== "string") return;
  if (mustExist(state, master).kind !== "bridge") throw new NetlinkError(ERRNO.EINVAL);
  if (state.links.some((other) => other.kind === "macvlan" && other.parent === name)) throw new NetlinkError(ERRNO.EBUSY);
}

function checkParent(state: HostState, link: Link): void {
  if (link.kind !== "macvlan") return;
  if (typeof mustExist(state, link.parent).master === "string") throw new NetlinkError(ERRNO.EBUSY);
}

function checkTunnel(state: HostState, link: Link): void {
  if (link.kind !== "vxlan") return;
  const taken = state.links.some(
    (other) => other.kind === "vxlan" && other.name !== link.name && other.vni === link.vni && other.port === link.port,
  );
  if (taken) throw new NetlinkError(ERRNO.EEXIST);
}

/** Throws what the kernel would say to the creation of `link`. */
export function checkCreate(state: HostState, link: Link): void {
  const existing = state.links.find(({ name }) => name === link.name);
  if (existing !== undefined) refuseKind(existing, link);
  else if (link.kind === "physical") mustExist(state, link.name);
  if (link.kind === "veth" && existing === undefined && state.links.some(({ name }) => name === link.peer))
    throw new NetlinkError(ERRNO.EEXIST);
  checkParent(state, link);
  checkTunnel(state, link);
  checkMaster(state, link);
}

/** Throws what the kernel would say to a change of `link`. */
export function checkSet(state: HostState, link: Link): void {
  refuseKind(mustExist(state, link.name), link);
  checkMaster(state, link);
}

/** True when the gateway is a neighbour: in the subnet of an address, or behind a route without a gateway. */
function isNeighbour(state: HostState, { gateway = "", link }: Route): boolean {
  const ip = parseIp(gateway);
  const onLink = state.routes.filter((route) => route.type === "unicast" && route.gateway === undefined);
  const reach = [
    ...state.addresses.map((item) => ({ link: item.link, prefix: item.address })),
    ...onLink.map((item) => ({ link: item.link, prefix: item.destination })),
  ];
  return reach.some((item) => {
    const prefix = parsePrefix(item.prefix);
    return (link === undefined || item.link === link) && ip !== undefined && prefix !== undefined && containsIp(prefix, ip);
  });
}

/** Throws what the kernel would say to `route`. */
export function checkRoute(state: HostState, route: Route): void {
  if (route.type !== "unicast") return;
  if (route.link !== undefined) mustExist(state, route.link);
  if (route.gateway !== undefined && !isNeighbour(state, route)) {
    throw new NetlinkError(route.gateway.includes(":") ? ERRNO.EHOSTUNREACH : ERRNO.ENETUNREACH);
  }
  const source = route.source === undefined ? undefined : parseIp(route.source);
  const isLocal = ({ address }: { readonly address: string }): boolean => {
    const prefix = parsePrefix(address);
    return prefix !== undefined && source !== undefined && sameIp(prefix.ip, source);
  };
  if (source !== undefined && !state.addresses.some(isLocal)) throw new NetlinkError(ERRNO.EINVAL);
}
