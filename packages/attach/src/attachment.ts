import type { PodBridge } from "@pharos/hoststate";
import type { Bandwidth } from "./bandwidth.ts";
import type { PodAddress } from "./choose-addresses.ts";
import { aliasOf } from "./names.ts";
import { type PodRoute, podRoutes } from "./pod-routes.ts";
import type { PortMapping } from "./port-mappings.ts";
import type { PodKey } from "./request.ts";
import { familyOf, withoutLength } from "./requested-addresses.ts";

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

/** An address that a range of a bridge handed out: where the next choice goes on. */
export interface Turn {
  readonly bridge: string;
  /** The range's first address, which names it among those of the bridge. */
  readonly range: string;
  /** Without prefix length. */
  readonly address: string;
}

/** Where the choice of addresses goes on after these attachments were made. Fixed and former addresses are out of turn. */
export function turnsOf(attachments: readonly Attachment[]): readonly Turn[] {
  return attachments.flatMap(({ bridge, addresses }) =>
    addresses.flatMap(({ address, turnOf }) =>
      turnOf === undefined ? [] : [{ bridge: bridge.name, range: turnOf, address: withoutLength(address) }],
    ),
  );
}

/** What an attachment is decided by. */
export type Incomplete = Omit<Attachment, "alias" | "routes">;

/** An attachment with what follows from the rest: mark and routes. */
export function complete(given: Incomplete): Attachment {
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
