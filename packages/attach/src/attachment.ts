import { type Family, type PodBridge, type PodNetworkData, parseIp, parsePrefix } from "@pharos/hoststate";
import type { Bandwidth } from "./bandwidth.ts";
import { chooseAddresses, type PodAddress } from "./choose-addresses.ts";
import { chooseBridge } from "./choose-bridge.ts";
import { aliasOf, hostNameOf, macOf } from "./names.ts";
import { type PortMapping, requireFreePorts } from "./port-mappings.ts";
import type { PodKey, PodRequest } from "./request.ts";

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
}

export interface PodRoute {
  /** Canonical prefix. */
  readonly dst: string;
  /** Absent: the destination is on the link. */
  readonly gw?: string;
}

/** All that is to be made for a pod's interface. */
export interface Attachment {
  readonly key: PodKey;
  readonly bridge: PodBridge;
  readonly hostName: string;
  readonly alias: string;
  readonly mac: string;
  readonly addresses: readonly PodAddress[];
  readonly routes: readonly PodRoute[];
  readonly ports: readonly PortMapping[];
  /** Subnets towards which the pod keeps its address when it is masqueraded; absent: the plugin does not masquerade it. */
  readonly masqueradeExcept?: readonly string[];
  readonly bandwidth?: Bandwidth;
}

export interface AttachmentFacts {
  readonly data: PodNetworkData;
  /** All that the ledger holds. What an earlier boot made is void: its pods are gone. */
  readonly held: readonly HeldAttachment[];
  readonly bootId: string;
  /** No agent keeps rules for the bridges of `data`, so that the plugin masquerades where they say `ipMasq`. */
  readonly masquerades?: boolean;
  /** The addresses handed out last on a bridge. */
  readonly lastOf: (bridge: string) => readonly string[];
}

/**
 * Decides bridge, addresses, names and routes of a pod's interface. The same key in the same boot gets the same answer
 * again, whatever the request says now: the address of a running pod never changes.
 */
export function decideAttachment(request: PodRequest, facts: AttachmentFacts): Attachment {
  const own = facts.held.find((entry) => sameKey(entry.key, request.key));
  const current = own?.bootId === facts.bootId ? own : undefined;
  const bridge = chooseBridge(facts.data, current?.bridge ?? request.bridge);
  const others = facts.held.filter((entry) => entry.bootId === facts.bootId && !sameKey(entry.key, request.key));
  const former = own?.bridge === bridge.name ? own.addresses.map(withoutLength) : [];
  const addresses =
    current === undefined
      ? chooseAddresses({
          bridge,
          requested: request.addresses,
          preferred: former,
          taken: new Set(others.filter((entry) => entry.bridge === bridge.name).flatMap((entry) => entry.addresses.map(withoutLength))),
          last: facts.lastOf(bridge.name).map(withoutLength),
        })
      : current.addresses.map((address) => withGateway(bridge, address));
  const ports = current === undefined ? request.ports : (current.ports ?? []);
  requireFreePorts(
    ports,
    others.flatMap((entry) => entry.ports ?? []),
  );
  const masqueradeExcept = current === undefined ? masqueradeOf(bridge, facts) : current.masqueradeExcept;
  const { bandwidth } = current ?? request;
  const mac = current?.mac ?? request.mac ?? macOf(request.key);
  return {
    key: request.key,
    bridge,
    hostName: current?.hostName ?? freeHostName(request.key, new Set(others.map((entry) => entry.hostName))),
    alias: aliasOf({ key: request.key, mac, addresses: addresses.map(({ address }) => address) }),
    mac,
    addresses,
    routes: routesOf(bridge, addresses),
    ports,
    ...(masqueradeExcept === undefined ? {} : { masqueradeExcept }),
    ...(bandwidth === undefined ? {} : { bandwidth }),
  };
}

/** The subnets of the bridge on all hosts, between which nothing is masqueraded. */
function masqueradeOf(bridge: PodBridge, { masquerades = false }: AttachmentFacts): readonly string[] | undefined {
  return masquerades && bridge.ipMasq ? [...new Set(bridge.ranges.map(({ subnet }) => subnet))] : undefined;
}

/** The routes of the bridge for the families that the pod has; without a gateway of their own they go by the bridge's. */
function routesOf(bridge: PodBridge, addresses: readonly PodAddress[]): readonly PodRoute[] {
  const gateways = new Map(addresses.map(({ address, gateway }) => [familyOf(address), gateway]));
  return bridge.routes.flatMap(({ dst, gw }) => {
    if (!gateways.has(familyOf(dst))) return [];
    const via = gw ?? gateways.get(familyOf(dst));
    return [via === undefined ? { dst } : { dst, gw: via }];
  });
}

/** The address of a running pod, with the gateway that its subnet has now. */
function withGateway(bridge: PodBridge, address: string): PodAddress {
  const subnet = bridge.ranges.find((range) => familyOf(range.subnet) === familyOf(address));
  return subnet?.gateway === undefined ? { address } : { address, gateway: subnet.gateway };
}

function freeHostName(key: PodKey, taken: ReadonlySet<string>): string {
  let turn = 0;
  while (taken.has(hostNameOf(key, turn))) turn++;
  return hostNameOf(key, turn);
}

export function sameKey(a: PodKey, b: PodKey): boolean {
  return a.network === b.network && a.containerID === b.containerID && a.ifname === b.ifname;
}

function withoutLength(address: string): string {
  return address.split("/")[0] ?? address;
}

function familyOf(text: string): Family {
  return parsePrefix(text)?.ip.family ?? parseIp(text)?.family ?? "ipv4";
}
