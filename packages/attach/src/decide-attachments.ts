import { PharosError } from "@pharos/base";
import type { PodBridge, PodNetworkData } from "@pharos/hoststate";
import { type Attachment, attachmentOf, complete, type HeldAttachment, sameKey } from "./attachment.ts";
import { chooseAddresses, type PodAddress } from "./choose-addresses.ts";
import { bridgeOf, chooseBridges } from "./choose-bridge.ts";
import { ATTACH_BAD_CONFIG } from "./codes.ts";
import { withRequestedGateways } from "./gateways.ts";
import { isInside, requireInside, withinSpans } from "./ip-ranges.ts";
import { freeHostName, freeIfnames, macOf } from "./names.ts";
import { withoutRepeated } from "./pod-routes.ts";
import { requireFreePorts } from "./port-mappings.ts";
import type { PodKey, PodRequest } from "./request.ts";
import { addressesFor, type RequestedAddress, requireUsed, withoutLength } from "./requested-addresses.ts";
import { staticAddresses } from "./static-addresses.ts";

/** What the ledger holds. It is asked for what a choice needs, because decoding all entries would make an ADD slower with each pod. */
export interface HeldAttachments {
  /** The entry of a key, and those that go with it. */
  family(key: PodKey): readonly HeldAttachment[];
  /** The entries that have `text` somewhere, be it as another field than the one that is meant. */
  mentioning(text: string): readonly HeldAttachment[];
  /** The addresses (without length) that attachments of this boot hold on a bridge. */
  addressesOn(bridge: string, bootId: string): Pick<ReadonlySet<string>, "has">;
  /** The addresses handed out last on a bridge, with or without prefix length. */
  lastOf(bridge: string): readonly string[];
  /** The addresses that pods get again, by `namespace/name`, oldest first. */
  stickyOf(bridge: string): ReadonlyMap<string, readonly string[]>;
}

export interface AttachmentFacts {
  readonly data: PodNetworkData;
  /** What an earlier boot made is void: its pods are gone. */
  readonly held: HeldAttachments;
  readonly bootId: string;
  /** No agent keeps rules for the bridges of `data`, so that the plugin masquerades where they say `ipMasq`. */
  readonly masquerades?: boolean;
}

/**
 * Decides bridge, addresses, names and routes of a pod's interfaces: first the one that the runtime names, then one for each further
 * bridge of the request. The same key in the same boot gets the same answer again, whatever the request says now: the address of a
 * running pod never changes.
 */
export function decideAttachments(request: PodRequest, facts: AttachmentFacts): readonly Attachment[] {
  const current = facts.held.family(request.key).filter(({ bootId }) => bootId === facts.bootId);
  const attachments = current.some(({ key }) => sameKey(key, request.key))
    ? current.map((entry) => attachmentOf(entry, bridgeOf(facts.data, entry.bridge)))
    : decideNew(request, facts);
  return withoutRepeated(attachments);
}

function decideNew(request: PodRequest, facts: AttachmentFacts): readonly Attachment[] {
  const family = facts.held.family(request.key);
  const mentioning = (text: string) =>
    facts.held.mentioning(text).filter((entry) => entry.bootId === facts.bootId && !family.some(({ key }) => sameKey(key, entry.key)));
  const bridges = chooseBridges(facts.data, request.bridges);
  requireUsed(request.addresses, bridges);
  requireFreePorts(
    request.ports,
    request.ports.flatMap(({ hostPort }) => mentioning(`/${hostPort}/`)).flatMap((entry) => entry.ports ?? []),
  );
  const ifnames = freeIfnames(request.key, bridges.length, bridges.length === 1 ? [] : mentioning(`/${request.key.containerID}/`));
  const hostNames = new Set<string>();
  const { gateways = [] } = request;
  const isTaken = (name: string) => hostNames.has(name) || mentioning(name).some(({ hostName }) => hostName === name);
  return bridges.map((bridge, index) => {
    const key = { ...request.key, ifname: ifnames[index] ?? request.key.ifname };
    const primary = index === 0 ? request.primary : request.key.ifname;
    const hostName = freeHostName(key, isTaken);
    hostNames.add(hostName);
    const masqueradeExcept = masqueradeOf(bridge, facts);
    const own = family.find((entry) => sameKey(entry.key, key));
    const addresses = newAddresses({ bridge, isFirst: index === 0, own }, request, facts);
    return complete({
      key,
      bridge,
      hostName,
      ...(primary === undefined ? {} : { primary }),
      mac: (index === 0 ? request.mac : undefined) ?? macOf(key),
      addresses: index === 0 ? withRequestedGateways(addresses, gateways) : addresses,
      ports: index === 0 ? request.ports : [],
      ...(masqueradeExcept === undefined ? {} : { masqueradeExcept }),
      ...(index === 0 && request.bandwidth !== undefined ? { bandwidth: request.bandwidth } : {}),
      ...(index === 0 && gateways.length > 0 ? { gateways: gateways.map(({ address }) => address) } : {}),
    });
  });
}

interface NewInterface {
  readonly bridge: PodBridge;
  /** It is the one that the runtime names. */
  readonly isFirst: boolean;
  /** What an earlier boot held under its key. */
  readonly own: HeldAttachment | undefined;
}

function newAddresses(
  { bridge, isFirst, own }: NewInterface,
  request: PodRequest,
  { held, bootId }: AttachmentFacts,
): readonly PodAddress[] {
  const requested = addressesFor(request.addresses, bridge, isFirst);
  if (bridge.ipam === "dhcp") return requireNone(requested, bridge);
  const spans = isFirst ? (request.spans ?? []) : [];
  for (const wanted of requested) requireInside(spans, wanted);
  const taken = held.addressesOn(bridge.name, bootId);
  if (bridge.ipam === "static") return staticAddresses(bridge, requested, taken);
  const name = request.pod === undefined ? "" : `${request.pod.namespace}/${request.pod.name}`;
  const sticky = held.stickyOf(bridge.name);
  const former = own?.bridge === bridge.name ? own.addresses : [];
  const inSpans = (addresses: readonly string[]) => addresses.map(withoutLength).filter((address) => isInside(spans, address));
  return chooseAddresses({
    bridge: { ...bridge, ranges: withinSpans(bridge.ranges, spans) },
    requested: requested.map(({ address }) => address),
    preferred: inSpans([...former, ...((request.sticky && sticky.get(name)) || [])]),
    taken,
    kept: new Set([...sticky].flatMap(([pod, addresses]) => (pod === name ? [] : addresses.map(withoutLength)))),
    last: held.lastOf(bridge.name).map(withoutLength),
  });
}

function requireNone([wanted]: readonly RequestedAddress[], { name }: PodBridge): readonly PodAddress[] {
  if (wanted === undefined) return [];
  throw new PharosError(
    ATTACH_BAD_CONFIG,
    `${wanted.path} wants ${wanted.address}, but bridge ${name} takes addresses from a DHCP server (ipam dhcp)`,
  );
}

/** The subnets of the bridge on all hosts, between which nothing is masqueraded. */
function masqueradeOf(bridge: PodBridge, { masquerades = false }: AttachmentFacts): readonly string[] | undefined {
  return masquerades && bridge.ipMasq ? [...new Set(bridge.ranges.map(({ subnet }) => subnet))] : undefined;
}
