import { readFileSync } from "node:fs";
import type { Attachment } from "@pharos/attach";
import { formatPrefix, networkOf, parsePrefix } from "@pharos/hoststate";
import {
  decodeLink,
  decodeRoute,
  encodeAddressAdd,
  encodeLinkChange,
  encodeLinkGet,
  encodeRouteAdd,
  encodeRouteDump,
  type LinkRecord,
  PHAROS_PROTOCOL,
  type RouteFields,
  type RouteRecord,
} from "@pharos/kernel/netlink";
import type { Fault, Fix, Sides } from "./fault.ts";
import { listAddresses, withoutLinkLocal } from "./links.ts";

const LOOPBACK_INDEX = 1;
const MAIN_TABLE = 254;
const IPV6_METRIC = 1024;

/** What a pod's namespace holds, as far as one interface is concerned. */
export interface PodEnd {
  readonly isLoopbackUp: boolean;
  readonly link: Pick<LinkRecord, "up" | "mac" | "mtu">;
  /** With prefix length. */
  readonly addresses: readonly string[];
  readonly routes: readonly Pick<RouteRecord, "destination" | "table" | "gateway" | "index">[];
  /** Values of the settings by name. */
  readonly sysctls: ReadonlyMap<string, string>;
}

/** What a pod's end has that was just born with its hardware address and MTU. */
export function newPodEnd({ mac }: Attachment, mtu: number): PodEnd {
  return { isLoopbackUp: false, link: { up: false, mac, mtu }, addresses: [], routes: [], sysctls: new Map() };
}

/** Looks at the pod's end of a pair that stands. */
export function observePodEnd(sides: Sides, attachment: Attachment, link: LinkRecord): PodEnd {
  const { pod, namespace } = sides;
  const [loopback = []] = pod.exchange([{ what: "look up the pod's loopback", bytes: encodeLinkGet({ index: LOOPBACK_INDEX }) }]);
  const routes = (["ipv4", "ipv6"] as const).flatMap((family) =>
    pod.dump({ what: "list the pod's routes", bytes: encodeRouteDump(family), tolerate: ["EOPNOTSUPP", "EAFNOSUPPORT"] }),
  );
  return {
    isLoopbackUp: loopback.map(decodeLink).some((one) => one?.up === true),
    link,
    addresses: listAddresses(pod, link.index),
    routes: routes.flatMap((message) => decodeRoute(message) ?? []),
    sysctls: namespace.run(() => readSysctls(attachment)),
  };
}

/** What a previous result says of an interface in the pod, after all plugins of the chain. */
export interface ToldInterface {
  /** Lower case with colons. */
  readonly mac?: string;
  /** Bytes; told since CNI 1.1.0. */
  readonly mtu?: number;
}

/**
 * The pod's end without what plugins behind this one may change and not tell: `tuning` lowers the MTU, which results before 1.1.0 do
 * not hold, and `sbr` moves routes to a table of its own.
 */
export function asToldByChain(seen: PodEnd, told: ToldInterface, mtu: number): PodEnd {
  const { link } = seen;
  const isLowered = told.mtu === undefined && link.mtu < mtu;
  return {
    ...seen,
    link: isLowered ? { ...link, mtu } : link,
    routes: seen.routes.map((route) => ({ ...route, table: MAIN_TABLE })),
  };
}

/** What of the pod's end, whose index is `index`, is not as the attachment says. `mtu` in bytes. */
export function podEndFaults(attachment: Attachment, seen: PodEnd, { index, mtu }: Pick<LinkRecord, "index" | "mtu">): readonly Fault[] {
  const { mac, key, addresses } = attachment;
  const { ifname } = key;
  const { link } = seen;
  const faults: Fault[] = [];
  const fault = (says: string, bytes: Uint8Array) =>
    faults.push({ says, fixes: [{ kind: "pod", request: { what: `mend that ${says}`, bytes } }] });
  if (!seen.isLoopbackUp) fault("the pod's loopback is down", encodeLinkChange({ index: LOOPBACK_INDEX, up: true }));
  if (link.mac !== mac)
    fault(`${ifname} has the hardware address ${link.mac ?? "none"} instead of ${mac}`, encodeLinkChange({ index, mac }));
  if (link.mtu !== mtu) fault(`${ifname} has the MTU ${link.mtu} instead of ${mtu}`, encodeLinkChange({ index, mtu }));
  for (const { address } of addresses.filter((wanted) => !seen.addresses.includes(wanted.address)))
    fault(`${ifname} has not the address ${address}`, encodeAddressAdd({ index, address, protocol: PHAROS_PROTOCOL }));
  if (!link.up) {
    // A pod without an IPv6 address has no other use for one, and what it sends by itself to groups goes to every pod of its bridge.
    const alone: readonly Fix[] = usesIpv6(attachment) ? [] : [{ kind: "pod", request: withoutLinkLocal({ index }) }];
    const up = { what: `set ${ifname} up`, bytes: encodeLinkChange({ index, up: true }) };
    faults.push({ says: `${ifname} is down in the pod`, fixes: [...alone, { kind: "pod", request: up }] });
  }
  return [...sysctlFaults(attachment, seen), ...faults, ...routeFaults(attachment, seen, index)];
}

function routeFaults({ routes }: Attachment, seen: PodEnd, index: number): readonly Fault[] {
  const missing = routes
    .map((route) => routeFields(route, index))
    .filter((wanted) => !seen.routes.some((route) => sameRoute(route, wanted)));
  return missing.map((wanted) => ({
    says: `the route to ${wanted.destination} is missing in the pod`,
    // Where the pod has it by another interface already, that one keeps it.
    fixes: [
      {
        kind: "pod",
        request: { what: `add route to ${wanted.destination} in the pod`, bytes: encodeRouteAdd(wanted), tolerate: ["EEXIST"] },
      },
    ],
  }));
}

/** A route of an attachment in the shape of the kernel. */
function routeFields({ dst, gw }: Attachment["routes"][number], index: number): RouteFields {
  const prefix = parsePrefix(dst);
  const fields = {
    destination: prefix === undefined ? dst : formatPrefix(networkOf(prefix)),
    table: MAIN_TABLE,
    metric: dst.includes(":") ? IPV6_METRIC : 0,
    type: "unicast" as const,
    index,
    protocol: PHAROS_PROTOCOL,
  };
  return gw === undefined ? fields : { ...fields, gateway: gw };
}

/** A route that another interface of the pod has, for another network, is as good: the kernel takes no second one. */
function sameRoute(a: PodEnd["routes"][number], b: RouteFields): boolean {
  const isOther = a.index !== b.index;
  return a.destination === b.destination && a.table === b.table && (isOther || a.gateway === b.gateway);
}

function sysctlFaults(attachment: Attachment, seen: PodEnd): readonly Fault[] {
  return wantedSysctls(attachment).flatMap(([name, value]): Fault[] => {
    const fixes: readonly Fix[] = [{ kind: "sysctl", name, value }];
    return seen.sysctls.get(name) === value ? [] : [{ says: `${name} is not ${value} in the pod`, fixes }];
  });
}

/**
 * Neighbours are told of addresses (see announce.ts). IPv6 is allowed where
 * it is used, without duplicate detection: the ledger vouches for the address, and whoever starts in the pod may use it at once.
 */
function wantedSysctls(attachment: Attachment): readonly (readonly [string, string])[] {
  const { ifname } = attachment.key;
  const ofIpv6 = usesIpv6(attachment)
    ? ([
        ["disable_ipv6", "0"],
        ["accept_dad", "0"],
        ["ndisc_notify", "1"],
      ] as const)
    : [];
  return [[`ipv4/conf/${ifname}/arp_notify`, "1"], ...ofIpv6.map(([name, value]) => [`ipv6/conf/${ifname}/${name}`, value] as const)];
}

function usesIpv6({ addresses }: Attachment): boolean {
  return addresses.some(({ address }) => address.includes(":"));
}

/** The values of the settings; one that the kernel does not have counts as right. */
function readSysctls(attachment: Attachment): ReadonlyMap<string, string> {
  return new Map(
    wantedSysctls(attachment).map(([name, value]) => {
      try {
        return [name, readFileSync(`/proc/sys/net/${name}`, "utf8").trim()];
      } catch {
        return [name, value];
      }
    }),
  );
}
