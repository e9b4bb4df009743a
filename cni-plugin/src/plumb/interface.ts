import { type Attached, type Attachment, bridgeMacOf } from "@pharos/attach";
import type { LinkRecord } from "@pharos/kernel/netlink";
import { bandwidthFaults, limitBandwidth } from "./bandwidth.ts";
import { bridgeFaults, ensureBridge } from "./bridge.ts";
import { mend, type Sides } from "./fault.ts";
import { createPair, hostEndFaults, mtuOf } from "./host-end.ts";
import { deleteLinks, findLink, findLinks } from "./links.ts";
import { asToldByChain, newPodEnd, observePodEnd, podEndFaults, type ToldInterface } from "./pod-end.ts";

/** A pair whose host's end stands. */
export interface RaisedPair {
  readonly bridge: LinkRecord;
  readonly host: LinkRecord;
  /** The pod's end; absent: it was made just now and is down without addresses. */
  readonly pod?: LinkRecord;
  /** Index of the pod's end in its namespace. */
  readonly podIndex: number;
}

/** An interface whose both ends stand. */
export interface Raised {
  readonly attachment: Attachment;
  readonly pair: RaisedPair;
}

/**
 * First half of an interface: the bridge, the pair, its place in the bridge and its limits. What is there is mended in place; the pair
 * is made anew only when one of its ends is missing here or in the pod.
 */
export function raisePair(sides: Sides, attachment: Attachment, bridgeAlias: string): RaisedPair {
  const [foundBridge, foundHost] = findLinks(sides.host, [attachment.bridge.name, attachment.hostName]);
  const marks = { mac: bridgeMacOf(attachment.bridge.name), alias: bridgeAlias };
  const bridge = ensureBridge(sides.host, attachment.bridge, marks, foundBridge);
  const pod = foundHost === undefined ? undefined : findLink(sides.pod, attachment.key.ifname);
  if (foundHost !== undefined && pod !== undefined && arePair(foundHost, pod)) {
    mend(sides, hostEndFaults(attachment, foundHost, bridge));
    const host = { ...foundHost, mtu: mtuOf(attachment, bridge) };
    if (bandwidthFaults(sides.host, attachment, host).length > 0) limitBandwidth(sides.host, attachment, host);
    return { bridge, host, pod, podIndex: pod.index };
  }
  if (foundHost !== undefined) deleteLinks(sides.host, [foundHost]);
  const host = createPair(sides, attachment, bridge);
  limitBandwidth(sides.host, attachment, host);
  return { bridge, host, podIndex: host.parent ?? findLink(sides.pod, attachment.key.ifname)?.index ?? 0 };
}

/** Second half: settings, addresses and routes inside the pod. */
export function raisePodEnd(sides: Sides, attachment: Attachment, { host, pod, podIndex }: RaisedPair): void {
  const seen = pod === undefined ? newPodEnd(attachment, host.mtu) : observePodEnd(sides, attachment, pod);
  mend(sides, podEndFaults(attachment, seen, { index: podIndex, mtu: host.mtu }));
}

/** An interface that stands, for the result. */
export function attachedOf({ attachment, pair: { bridge, host } }: Raised): Attached {
  return { attachment, links: { bridgeMac: bridge.mac ?? "", hostMac: host.mac ?? "", mtu: host.mtu } };
}

/**
 * What is not as the attachment says, in words; empty when all is in place. Changes nothing. `told` is what the previous result says
 * of the interface: plugins behind this one may have changed some of it.
 */
export function inspectInterface(sides: Sides, wanted: Attachment, told?: ToldInterface): readonly string[] {
  const attachment = told?.mac === undefined ? wanted : { ...wanted, mac: told.mac };
  const { hostName, bridge, key } = attachment;
  const [bridgeLink, host] = findLinks(sides.host, [bridge.name, hostName]);
  const pod = findLink(sides.pod, key.ifname);
  if (bridgeLink === undefined) return [`bridge ${bridge.name} is missing`];
  const missing = [
    ...(host === undefined ? [`${hostName} is missing on the host`] : []),
    ...(pod === undefined ? [`${key.ifname} is missing in the pod`] : []),
  ];
  if (host === undefined || pod === undefined) return missing;
  if (!arePair(host, pod)) return [`${hostName} and ${key.ifname} are no pair`];
  const mtu = told?.mtu ?? mtuOf(attachment, bridgeLink);
  const seen = observePodEnd(sides, attachment, pod);
  return [
    ...bridgeFaults(sides.host, bridge, bridgeLink).map(({ says }) => says),
    ...hostEndFaults(attachment, host, bridgeLink).map(({ says }) => says),
    ...bandwidthFaults(sides.host, attachment, host),
    ...podEndFaults(attachment, told === undefined ? seen : asToldByChain(seen, told, mtu), { index: pod.index, mtu }).map(
      ({ says }) => says,
    ),
  ];
}

/** True when the two are ends of one pair, each in its own namespace. */
function arePair(host: LinkRecord, pod: LinkRecord): boolean {
  return host.kind === "veth" && pod.kind === "veth" && host.parent === pod.index && pod.parent === host.index;
}
