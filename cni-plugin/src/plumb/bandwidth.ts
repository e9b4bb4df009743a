import type { Attachment, RateLimit } from "@pharos/attach";
import { PharosError } from "@pharos/base/errors";
import {
  encodeIngressAdd,
  encodeLinkChange,
  encodeLinkCreate,
  encodeRedirectAdd,
  encodeTokenBucketReplace,
  type LinkRecord,
  type TokenBucket,
} from "@pharos/kernel/netlink";
import { PLUGIN_KERNEL_REFUSED } from "../codes.ts";
import type { NetlinkSocket } from "../linux/netlink-socket.ts";
import { findLink } from "./links.ts";

const BYTE_BITS = 8;
const ETHERNET_HEADER_BYTES = 14;
const DEFAULT_BURST_SECONDS = 0.1;
/** How long a frame may wait, as with the reference plugin. */
const WAIT_SECONDS = 0.025;
const UINT32_MAX = 0xffffffff;

/** Name of the link through which a limited pod's outgoing frames go: that of its host's end with another second letter. */
export function shaperNameOf(hostName: string): string {
  return `pi${hostName.slice(2)}`;
}

/**
 * Limits what the pod receives at the host's end, and what it sends at an ifb link to which the host's end hands all that it gets:
 * a queue holds back only what leaves a link.
 */
export function limitBandwidth(socket: NetlinkSocket, { bandwidth, alias }: Attachment, host: LinkRecord): void {
  if (bandwidth?.ingress !== undefined) {
    const bytes = encodeTokenBucketReplace(host.index, bucketOf(bandwidth.ingress, host.mtu));
    socket.exchange([{ what: `limit ${host.name}`, bytes }]);
  }
  if (bandwidth?.egress === undefined) return;
  const name = shaperNameOf(host.name);
  socket.exchange([
    // One of an ADD that did not come to its end is as good.
    { what: `create ${name}`, bytes: encodeLinkCreate({ name, up: true, mtu: host.mtu }, { kind: "ifb" }), tolerate: ["EEXIST"] },
    { what: `mark ${name}`, bytes: encodeLinkChange({ name, alias, up: true, mtu: host.mtu }) },
  ]);
  const shaper = findLink(socket, name);
  if (shaper === undefined) throw new PharosError(PLUGIN_KERNEL_REFUSED, `${name} vanished while it was made`);
  const bucket = bucketOf(bandwidth.egress, host.mtu);
  socket.exchange([
    { what: `limit ${name}`, bytes: encodeTokenBucketReplace(shaper.index, bucket) },
    { what: `take what ${host.name} receives`, bytes: encodeIngressAdd(host.index) },
    { what: `redirect ${host.name} to ${name}`, bytes: encodeRedirectAdd(host.index, shaper.index) },
  ]);
}

/** The bucket holds at least one whole frame. */
function bucketOf({ rate, burst = rate * DEFAULT_BURST_SECONDS }: RateLimit, mtu: number): TokenBucket {
  const bytes = Math.floor(rate / BYTE_BITS);
  const size = Math.min(UINT32_MAX, Math.max(Math.floor(burst / BYTE_BITS), mtu + ETHERNET_HEADER_BYTES));
  return { rate: bytes, burst: size, limit: Math.min(UINT32_MAX, Math.floor(bytes * WAIT_SECONDS) + size) };
}
