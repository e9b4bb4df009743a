import { compareIp, type PodBridge, type PodNetworkData, type PodRange, parseIp } from "@pharos/hoststate";
import type { Bandwidth } from "./bandwidth.ts";
import { chooseAddresses, type PodAddress } from "./choose-addresses.ts";
import { bridgeOf, chooseBridges } from "./choose-bridge.ts";
import { aliasOf, freeHostName, freeIfnames, macOf } from "./names.ts";
import { type PodRoute, podRoutes, withoutRepeated } from "./pod-routes.ts";
import { type PortMapping, requireFreePorts } from "./port-mappings.ts";
import type { PodKey, PodRequest } from "./request.ts";
import { addressesFor, familyOf, requireUsed, withoutLength } from "./requested-addresses.ts";
import { staticAddresses } from "./static-addresses.ts";

/** An attachment that holds addresses, as the ledger remembers it. */
export interface HeldAttachment {
  readonly key: PodKey;
  readonly bridge: string;
  readonly addresses: readonly string[];
  readonly hostName: string;
  readonly mac: string;
  readonly bootId: string;
  readonly ports?: readonly PortMapping[];
  readonly masqueradeExcept?: readonly string[];
  readonly bandwidth?: Bandwidth;
  /** Interface of the same container with which this one goes. */
  readonly primary?: string;
  /** Routers of its subnets where they are not the bridge's own address. */
  readonly gateways?: readonly string[];
  /** Routes besides those of its bridge. */
  readonly routes?: readonly PodRoute[];
}

/** All that is to be made for one interface of a pod. */
export interface Attachment {
  readonly key: PodKey;
  /** Interface of the same container with which this one goes; absent for the one that the runtime names. */
  readonly primary?: string;
  readonly bridge: PodBridge;
  readonly hostName: string;
  readonly alias: string;
  readonly mac: string;
  /** Empty where the bridge's pods get theirs from a DHCP server, until that has answered. */
  readonly addresses: readonly PodAddress[];
  /** All routes, those of the bridge included. */
  readonly routes: readonly PodRoute[];
  readonly ports: readonly PortMapping[];
  /** Subnets towards which the pod keeps its address when it is masqueraded; absent: the plugin does not masquerade it. */
  readonly masqueradeExcept?: readonly string[];
  readonly bandwidth?: Bandwidth;
  readonly gateways?: readonly string[];
  readonly furtherRoutes?: readonly PodRoute[];
}

/** What a choice has to know of all attachments on the host. */
export type Holder = Pick<HeldAttachment, "key" | "bridge" | "addresses" | "hostName" | "bootId" | "ports">;

export interface AttachmentFacts {
  readonly data: PodNetworkData;
  /** All that the ledger holds. What an earlier boot made is void: its pods are gone. */
  readonly held: readonly Holder[];
  /** What it holds under the key, and what goes with that. */
  readonly family: readonly HeldAttachment[];
  readonly bootId: string;
  /** No agent keeps rules for the bridges of `data`, so that the plugin masquerades where they say `ipMasq`. */
  readonly masquerades?: boolean;
  /** The addresses handed out last on a bridge, with or without prefix length. */
  readonly lastOf: (bridge: string) => readonly string[];
}

/**
 * Decides bridge, addresses, names and routes of a pod's interfaces: first the one that the runtime names, then one for each further
 * bridge of the request. The same key in the same boot gets the same answer again, whatever the request says now: the address of a
 * running pod never changes.
 */
export function decideAttachments(request: PodRequest, facts: AttachmentFacts): readonly Attachment[] {
  const current = facts.family.filter(({ bootId }) => bootId === facts.bootId);
  const attachments = current.some(({ key }) => sameKey(key, request.key))
    ? current.map((entry) => attachmentOf(entry, bridgeOf(facts.data, entry.bridge)))
    : decideNew(request, facts);
  return withoutRepeated(attachments);
}

/** What is to be there for an entry of the ledger; `bridge` tells what is not the pod's own: routes, MTU and flags of ports. */
export function attachmentOf(entry: HeldAttachment, bridge: PodBridge): Attachment {
  return complete({
    ...entry,
    bridge,
    addresses: entry.addresses.map((address) => withGateway(address, bridge, entry.gateways)),
    ports: entry.ports ?? [],
    ...(entry.routes === undefined ? {} : { furtherRoutes: entry.routes }),
  });
}

/** The attachment with what a DHCP server gave. */
export function withLease(
  attachment: Attachment,
  { addresses, gateways, routes }: Pick<HeldAttachment, "addresses"> & Required<Pick<HeldAttachment, "gateways" | "routes">>,
): Attachment {
  return complete({
    ...attachment,
    gateways,
    furtherRoutes: routes,
    addresses: addresses.map((address) => withGateway(address, attachment.bridge, gateways)),
  });
}

function decideNew(request: PodRequest, facts: AttachmentFacts): readonly Attachment[] {
  const others = facts.held.filter((entry) => entry.bootId === facts.bootId && !facts.family.some(({ key }) => sameKey(key, entry.key)));
  const bridges = chooseBridges(facts.data, request.bridges);
  requireUsed(request.addresses, bridges);
  requireFreePorts(
    request.ports,
    others.flatMap((entry) => entry.ports ?? []),
  );
  const ifnames = freeIfnames(request.key, bridges.length, others);
  const hostNames = new Set(others.map(({ hostName }) => hostName));
  return bridges.map((bridge, index) => {
    const key = { ...request.key, ifname: ifnames[index] ?? request.key.ifname };
    const primary = index === 0 ? request.primary : request.key.ifname;
    const hostName = freeHostName(key, hostNames);
    hostNames.add(hostName);
    const masqueradeExcept = masqueradeOf(bridge, facts);
    return complete({
      key,
      bridge,
      hostName,
      ...(primary === undefined ? {} : { primary }),
      mac: (index === 0 ? request.mac : undefined) ?? macOf(key),
      addresses: newAddresses({ key, bridge, isFirst: index === 0 }, { request, others, facts }),
      ports: index === 0 ? request.ports : [],
      ...(masqueradeExcept === undefined ? {} : { masqueradeExcept }),
      ...(index === 0 && request.bandwidth !== undefined ? { bandwidth: request.bandwidth } : {}),
    });
  });
}

interface Deciding {
  readonly request: PodRequest;
  readonly others: readonly Holder[];
  readonly facts: AttachmentFacts;
}

function newAddresses(
  { key, bridge, isFirst }: { readonly key: PodKey; readonly bridge: PodBridge; readonly isFirst: boolean },
  { request, others, facts }: Deciding,
): readonly PodAddress[] {
  const taken = new Set(others.filter((entry) => entry.bridge === bridge.name).flatMap((entry) => entry.addresses.map(withoutLength)));
  const requested = addressesFor(request.addresses, bridge, isFirst);
  if (bridge.ipam === "dhcp") return [];
  if (bridge.ipam === "static") return staticAddresses(bridge, requested, taken);
  const own = facts.family.find((entry) => sameKey(entry.key, key));
  return chooseAddresses({
    bridge,
    requested: requested.map(({ address }) => address),
    preferred: own?.bridge === bridge.name ? own.addresses.map(withoutLength) : [],
    taken,
    last: facts.lastOf(bridge.name).map(withoutLength),
  });
}

/** An address that a range of a bridge handed out: where the next choice goes on. */
export interface Turn {
  readonly bridge: string;
  /** The range's first address, which names it among those of the bridge. */
  readonly range: string;
  /** Without prefix length. */
  readonly address: string;
}

/** Where the choice of addresses goes on after these attachments were made. */
export function turnsOf(attachments: readonly Attachment[]): readonly Turn[] {
  return attachments.flatMap(({ bridge, addresses }) =>
    addresses.flatMap(({ address: text }) => {
      const address = withoutLength(text);
      const range = bridge.ranges.find((candidate) => isBetween(address, candidate));
      return range === undefined ? [] : [{ bridge: bridge.name, range: range.rangeStart, address }];
    }),
  );
}

function isBetween(text: string, { rangeStart, rangeEnd }: PodRange): boolean {
  const [ip, start, end] = [text, rangeStart, rangeEnd].map(parseIp);
  return ip !== undefined && start !== undefined && end !== undefined && compareIp(start, ip) <= 0 && compareIp(ip, end) <= 0;
}

/** The subnets of the bridge on all hosts, between which nothing is masqueraded. */
function masqueradeOf(bridge: PodBridge, { masquerades = false }: AttachmentFacts): readonly string[] | undefined {
  return masquerades && bridge.ipMasq ? [...new Set(bridge.ranges.map(({ subnet }) => subnet))] : undefined;
}

type Incomplete = Omit<Attachment, "alias" | "routes">;

/** Adds what follows from the rest. */
function complete(given: Incomplete): Attachment {
  const { key, primary, bridge, hostName, mac, addresses, ports, masqueradeExcept, bandwidth, gateways, furtherRoutes } = given;
  return {
    key,
    ...(primary === undefined ? {} : { primary }),
    bridge,
    hostName,
    alias: aliasOf({
      key,
      mac,
      addresses: addresses.map(({ address }) => address),
      ...(primary === undefined ? {} : { primary }),
    }),
    mac,
    addresses,
    routes: podRoutes({ bridge, addresses, isPrimary: primary === undefined, further: furtherRoutes ?? [] }),
    ports,
    ...(masqueradeExcept === undefined ? {} : { masqueradeExcept }),
    ...(bandwidth === undefined ? {} : { bandwidth }),
    ...(gateways === undefined ? {} : { gateways }),
    ...(furtherRoutes === undefined ? {} : { furtherRoutes }),
  };
}

/** An address with the router that its subnet has now. */
function withGateway(address: string, bridge: PodBridge, gateways: readonly string[] = []): PodAddress {
  const family = familyOf(address);
  const gateway =
    gateways.find((candidate) => familyOf(candidate) === family) ??
    bridge.ranges.find(({ subnet }) => familyOf(subnet) === family)?.gateway;
  return gateway === undefined ? { address } : { address, gateway };
}

export function sameKey(a: PodKey, b: PodKey): boolean {
  return a.network === b.network && a.containerID === b.containerID && a.ifname === b.ifname;
}
