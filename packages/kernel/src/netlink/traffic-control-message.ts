import { NLM_F } from "./constants.ts";
import { type Attributes, attribute, attributesOf, message, type NetlinkMessage, nested, nestedOf, text, textOf, u32 } from "./message.ts";

/** Numbers of linux/rtnetlink.h and pkt_sched.h. */
const RTM_NEWQDISC = 36;
const RTM_GETQDISC = 38;
const RTM_NEWTFILTER = 44;
const RTM_GETTFILTER = 46;
const TCMSG_BYTES = 20;
const TCA = { KIND: 1, OPTIONS: 2 } as const;
const TC_H = { ROOT: 0xffffffff, INGRESS: 0xfffffff1 } as const;
const TBF_HANDLE = 0x10000;
const INGRESS_HANDLE = 0xffff0000;
const TCA_TBF = { PARMS: 1, RATE64: 4, BURST: 6 } as const;
const TBF_PARMS_BYTES = 36;
const TC_LINKLAYER_ETHERNET = 1;
const UINT32_MAX = 0xffffffff;

/** Numbers of linux/pkt_cls.h and tc_act/tc_mirred.h. */
const TCA_U32 = { SEL: 5, ACT: 7 } as const;
const TC_U32_TERMINAL = 1;
const TCA_ACT = { KIND: 1, OPTIONS: 2 } as const;
const TCA_MIRRED_PARMS = 2;
const TCA_EGRESS_REDIR = 1;
const TC_ACT_STOLEN = 4;
/** Priority 1, ETH_P_ALL in network order. */
const ALL_FRAMES = 0x10300;

/** A token bucket. */
export interface TokenBucket {
  /** Bytes per second, above 0. */
  readonly rate: number;
  /** Bytes; at least the largest frame, else such frames are dropped. At most 2^32 - 1. */
  readonly burst: number;
  /** Bytes that may wait. At most 2^32 - 1. */
  readonly limit: number;
}

/** `struct tcmsg`. */
function header(index: number, { handle = 0, parent, info = 0 }: { handle?: number; parent: number; info?: number }): Buffer {
  const bytes = Buffer.alloc(TCMSG_BYTES);
  bytes.writeInt32LE(index, 4);
  bytes.writeUInt32LE(handle, 8);
  bytes.writeUInt32LE(parent, 12);
  bytes.writeUInt32LE(info, 16);
  return bytes;
}

/** RTM_NEWQDISC: a token bucket filter as the link's root, in the place of the one that is there. */
export function encodeTokenBucketReplace(index: number, { rate, burst, limit }: TokenBucket): Uint8Array {
  const parms = Buffer.alloc(TBF_PARMS_BYTES);
  // With a link layer the kernel reckons times itself and wants no table.
  parms.writeUInt8(TC_LINKLAYER_ETHERNET, 1);
  parms.writeUInt32LE(Math.min(rate, UINT32_MAX), 8);
  parms.writeUInt32LE(limit, 24);
  const rate64 = Buffer.alloc(8);
  rate64.writeBigUInt64LE(BigInt(rate));
  return message(RTM_NEWQDISC, NLM_F.REQUEST | NLM_F.CREATE | NLM_F.REPLACE, [
    header(index, { handle: TBF_HANDLE, parent: TC_H.ROOT }),
    text(TCA.KIND, "tbf"),
    nested(TCA.OPTIONS, [
      attribute(TCA_TBF.PARMS, parms),
      ...(rate > UINT32_MAX ? [attribute(TCA_TBF.RATE64, rate64)] : []),
      u32(TCA_TBF.BURST, burst),
    ]),
  ]);
}

/** RTM_NEWQDISC: a place for filters on what the link receives. EEXIST when it is there. */
export function encodeIngressAdd(index: number): Uint8Array {
  const place = header(index, { handle: INGRESS_HANDLE, parent: TC_H.INGRESS });
  return message(RTM_NEWQDISC, NLM_F.REQUEST | NLM_F.CREATE | NLM_F.EXCL, [place, text(TCA.KIND, "ingress")]);
}

/** RTM_NEWTFILTER: all that the link receives goes out of link `target` instead (u32 and mirred, which every kernel has). */
export function encodeRedirectAdd(index: number, target: number): Uint8Array {
  // One key whose mask is zero: it agrees with every frame.
  const selector = Buffer.alloc(32);
  selector.writeUInt8(TC_U32_TERMINAL, 0);
  selector.writeUInt8(1, 2);
  const parms = Buffer.alloc(28);
  parms.writeInt32LE(TC_ACT_STOLEN, 8);
  parms.writeInt32LE(TCA_EGRESS_REDIR, 20);
  parms.writeUInt32LE(target, 24);
  const mirred = [text(TCA_ACT.KIND, "mirred"), nested(TCA_ACT.OPTIONS, [attribute(TCA_MIRRED_PARMS, parms)])];
  return message(RTM_NEWTFILTER, NLM_F.REQUEST | NLM_F.CREATE | NLM_F.EXCL, [
    header(index, { parent: INGRESS_HANDLE, info: ALL_FRAMES }),
    text(TCA.KIND, "u32"),
    nested(TCA.OPTIONS, [attribute(TCA_U32.SEL, selector), nested(TCA_U32.ACT, [nested(1, mirred)])]),
  ]);
}

/** RTM_GETQDISC of a link's root. The kernel answers it like a notification, so it must be told to echo. */
export function encodeRootQdiscGet(index: number): Uint8Array {
  return message(RTM_GETQDISC, NLM_F.REQUEST | NLM_F.ECHO, [header(index, { parent: TC_H.ROOT })]);
}

/** A qdisc as the kernel reports it: of a token bucket also what limits it. */
export interface QdiscRecord {
  readonly kind: string;
  readonly bucket?: Pick<TokenBucket, "rate" | "limit">;
}

/** Decodes RTM_NEWQDISC; undefined for any other message. */
export function decodeQdisc({ type, body }: NetlinkMessage): QdiscRecord | undefined {
  if (type !== RTM_NEWQDISC) return undefined;
  const attributes = attributesOf(body, TCMSG_BYTES);
  const kind = textOf(attributes, TCA.KIND) ?? "";
  return kind === "tbf" ? { kind, bucket: bucketOf(nestedOf(attributes, TCA.OPTIONS)) } : { kind };
}

function bucketOf(options: Attributes): Pick<TokenBucket, "rate" | "limit"> {
  const parms = options.get(TCA_TBF.PARMS);
  const rate64 = options.get(TCA_TBF.RATE64);
  const rate = rate64 === undefined ? (parms?.readUInt32LE(8) ?? 0) : Number(rate64.readBigUInt64LE(0));
  return { rate, limit: parms?.readUInt32LE(24) ?? 0 };
}

/** RTM_DELQDISC of the place for filters, with all of them. EINVAL or ENOENT when there is none. */
export function encodeIngressDelete(index: number): Uint8Array {
  return message(RTM_NEWQDISC + 1, NLM_F.REQUEST, [header(index, { handle: INGRESS_HANDLE, parent: TC_H.INGRESS })]);
}

/** RTM_GETTFILTER of all filters on what a link receives. */
export function encodeIngressFilterDump(index: number): Uint8Array {
  return message(RTM_GETTFILTER, NLM_F.REQUEST | NLM_F.DUMP, [header(index, { parent: INGRESS_HANDLE })]);
}

/** The link to which a filter hands frames (u32 with mirred, as `encodeRedirectAdd` makes it); undefined for any other message. */
export function redirectTargetOf({ type, body }: NetlinkMessage): number | undefined {
  if (type !== RTM_NEWTFILTER) return undefined;
  const options = nestedOf(attributesOf(body, TCMSG_BYTES), TCA.OPTIONS);
  const action = nestedOf(nestedOf(options, TCA_U32.ACT), 1);
  if (textOf(action, TCA_ACT.KIND) !== "mirred") return undefined;
  const parms = nestedOf(action, TCA_ACT.OPTIONS).get(TCA_MIRRED_PARMS);
  return parms?.readUInt32LE(24);
}
