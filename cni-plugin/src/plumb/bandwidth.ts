import type { Attachment, RateLimit } from "@pharos/attach";
import { PharosError } from "@pharos/base/errors";
import {
  decodeLink,
  decodeQdisc,
  encodeIngressAdd,
  encodeIngressDelete,
  encodeIngressFilterDump,
  encodeLinkChange,
  encodeLinkCreate,
  encodeRedirectAdd,
  encodeRootQdiscGet,
  encodeTokenBucketReplace,
  type LinkRecord,
  redirectTargetOf,
  type TokenBucket,
} from "@pharos/kernel/netlink";
import { PLUGIN_KERNEL_REFUSED } from "../codes.ts";
import type { NetlinkSocket } from "../linux/netlink-socket.ts";
import { findLink, linkRequest, withoutLinkLocal } from "./links.ts";

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
 * a queue holds back only what leaves a link. May be repeated: what is there is replaced.
 */
export function limitBandwidth(socket: NetlinkSocket, { bandwidth, alias }: Attachment, host: LinkRecord): void {
  if (bandwidth?.ingress !== undefined) {
    const bytes = encodeTokenBucketReplace(host.index, bucketOf(bandwidth.ingress, host.mtu));
    socket.exchange([{ what: `limit ${host.name}`, bytes }]);
  }
  if (bandwidth?.egress === undefined) return;
  const name = shaperNameOf(host.name);
  const { mtu } = host;
  const replies = socket.exchange([
    { what: `create ${name}`, bytes: encodeLinkCreate({ name, mtu }, { kind: "ifb" }), tolerate: ["EEXIST"] },
    withoutLinkLocal({ name }),
    { what: `mark ${name}`, bytes: encodeLinkChange({ name, alias, up: true, mtu }) },
    linkRequest(name),
  ]);
  const shaper = (replies.at(-1) ?? []).map(decodeLink).find((link) => link?.name === name);
  if (shaper === undefined) throw new PharosError(PLUGIN_KERNEL_REFUSED, `${name} vanished while it was made`);
  const bucket = bucketOf(bandwidth.egress, mtu);
  socket.exchange([
    { what: `limit ${name}`, bytes: encodeTokenBucketReplace(shaper.index, bucket) },
    { what: `clear ${host.name}`, bytes: encodeIngressDelete(host.index), tolerate: ["EINVAL", "ENOENT"] },
    { what: `take what ${host.name} receives`, bytes: encodeIngressAdd(host.index) },
    { what: `redirect ${host.name} to ${name}`, bytes: encodeRedirectAdd(host.index, shaper.index) },
  ]);
}

/** What of the limits is not as the attachment says, in words. A pod without limits has none that could be missing. */
export function bandwidthFaults(socket: NetlinkSocket, { bandwidth }: Attachment, host: LinkRecord): readonly string[] {
  const faults: string[] = [];
  if (bandwidth?.ingress !== undefined && !hasBucket(socket, host.index, bucketOf(bandwidth.ingress, host.mtu)))
    faults.push(`${host.name} does not limit what the pod receives`);
  if (bandwidth?.egress === undefined) return faults;
  const shaper = findLink(socket, shaperNameOf(host.name));
  const isWhole =
    shaper?.kind === "ifb" &&
    shaper.up &&
    hasBucket(socket, shaper.index, bucketOf(bandwidth.egress, host.mtu)) &&
    redirectTargets(socket, host.index).includes(shaper.index);
  return isWhole ? faults : [...faults, `${host.name} does not limit what the pod sends`];
}

/** The limits that stand at `hosts`, by name, as requests that would give the same; `links` are all of the host's. */
export function readLimits(
  socket: NetlinkSocket,
  hosts: readonly LinkRecord[],
  links: readonly LinkRecord[],
): ReadonlyMap<string, Pick<Attachment, "bandwidth">> {
  const byName = new Map(links.map((link) => [link.name, link]));
  const limits = new Map<string, Pick<Attachment, "bandwidth">>();
  for (const host of hosts) {
    const ingress = limitAt(socket, host);
    const egress = limitAt(socket, byName.get(shaperNameOf(host.name)));
    if (ingress === undefined && egress === undefined) continue;
    limits.set(host.name, { bandwidth: { ...(ingress === undefined ? {} : { ingress }), ...(egress === undefined ? {} : { egress }) } });
  }
  return limits;
}

/** The reverse of `bucketOf`. */
function limitAt(socket: NetlinkSocket, link: LinkRecord | undefined): RateLimit | undefined {
  const bucket = link === undefined ? undefined : bucketAt(socket, link.index);
  if (bucket === undefined) return undefined;
  return { rate: bucket.rate * BYTE_BITS, burst: (bucket.limit - Math.floor(bucket.rate * WAIT_SECONDS)) * BYTE_BITS };
}

function hasBucket(socket: NetlinkSocket, index: number, { rate, limit }: TokenBucket): boolean {
  const bucket = bucketAt(socket, index);
  return bucket?.rate === rate && bucket.limit === limit;
}

function bucketAt(socket: NetlinkSocket, index: number): Pick<TokenBucket, "rate" | "limit"> | undefined {
  const [replies = []] = socket.exchange([{ what: "look up a limit", bytes: encodeRootQdiscGet(index), tolerate: ["ENOENT", "ENODEV"] }]);
  return replies.map(decodeQdisc).find((qdisc) => qdisc !== undefined)?.bucket;
}

/** A link without a place for filters has none: the kernel says so by an error or by an empty list, depending on its version. */
function redirectTargets(socket: NetlinkSocket, index: number): readonly number[] {
  const request = { what: "list redirections", bytes: encodeIngressFilterDump(index), tolerate: ["EINVAL", "ENOENT"] };
  return socket.dump(request).flatMap((message) => redirectTargetOf(message) ?? []);
}

/** The bucket holds at least one whole frame. */
function bucketOf({ rate, burst = rate * DEFAULT_BURST_SECONDS }: RateLimit, mtu: number): TokenBucket {
  const bytes = Math.floor(rate / BYTE_BITS);
  const size = Math.min(UINT32_MAX, Math.max(Math.floor(burst / BYTE_BITS), mtu + ETHERNET_HEADER_BYTES));
  return { rate: bytes, burst: size, limit: Math.min(UINT32_MAX, Math.floor(bytes * WAIT_SECONDS) + size) };
}
