import { firstOf, formatIp, lastOf, parsePrefix } from "@pharos/hoststate";
import { NLM_F } from "./constants.ts";
import { ipBytes } from "./ip-bytes.ts";
import { attribute, message, nested, text } from "./message.ts";

/** One field of an element's key or data, as nft(8) names its type. */
export type ElementField =
  /** ipv4_addr or ipv6_addr. */
  | { readonly kind: "address"; readonly address: string }
  /** The same type, in a set with `flags interval`. */
  | { readonly kind: "prefix"; readonly prefix: string }
  | { readonly kind: "protocol"; readonly protocol: keyof typeof PROTOCOL_NUMBERS }
  | { readonly kind: "port"; readonly port: number };

/** An element of a set or map in a table of the inet family. */
export interface SetElement {
  readonly table: string;
  readonly set: string;
  readonly key: readonly ElementField[];
  /** What a map holds for the key. */
  readonly data?: readonly ElementField[];
}

/** Protocol Numbers, IANA. */
const PROTOCOL_NUMBERS = { tcp: 6, udp: 17, sctp: 132 } as const;

/** Numbers of linux/netfilter/nfnetlink.h and nf_tables.h. */
const NFNL_SUBSYS_NFTABLES = 10;
const NFNL_MSG_BATCH = { BEGIN: 0x10, END: 0x11 } as const;
const NFT_MSG = { NEWSETELEM: (NFNL_SUBSYS_NFTABLES << 8) | 12, DELSETELEM: (NFNL_SUBSYS_NFTABLES << 8) | 14 } as const;
const NFPROTO = { UNSPEC: 0, INET: 1 } as const;
const NFTA_SET_ELEM_LIST = { TABLE: 1, SET: 2, ELEMENTS: 3 } as const;
const NFTA_LIST_ELEM = 1;
const NFTA_SET_ELEM = { KEY: 1, DATA: 2, KEY_END: 10 } as const;
const NFTA_DATA_VALUE = 1;
/** Fields of a concatenation fill whole registers. */
const REGISTER_BYTES = 4;

/** `struct nfgenmsg`; the resource id is in network order. */
function header(family: number, resource: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt8(family, 0);
  bytes.writeUInt16BE(resource, 2);
  return bytes;
}

/** Opens a transaction: what follows up to its end is done as a whole or not at all. */
export function encodeBatchBegin(): Buffer {
  return message(NFNL_MSG_BATCH.BEGIN, NLM_F.REQUEST, [header(NFPROTO.UNSPEC, NFNL_SUBSYS_NFTABLES)]);
}

/** Commits a transaction. */
export function encodeBatchEnd(): Buffer {
  return message(NFNL_MSG_BATCH.END, NLM_F.REQUEST, [header(NFPROTO.UNSPEC, NFNL_SUBSYS_NFTABLES)]);
}

/** NFT_MSG_NEWSETELEM. ENOENT without table or set; no error when the same element is there, EEXIST when the key holds other data. */
export function encodeSetElementAdd(element: SetElement): Buffer {
  return elementMessage(NFT_MSG.NEWSETELEM, NLM_F.REQUEST | NLM_F.CREATE, element);
}

/** NFT_MSG_DELSETELEM. ENOENT when there is no such element. */
export function encodeSetElementDelete(element: SetElement): Buffer {
  return elementMessage(NFT_MSG.DELSETELEM, NLM_F.REQUEST, element);
}

function elementMessage(type: number, flags: number, { table, set, key, data }: SetElement): Buffer {
  const isInterval = key.some(({ kind }) => kind === "prefix");
  const attributes = [
    value(NFTA_SET_ELEM.KEY, key, "first"),
    ...(data === undefined ? [] : [value(NFTA_SET_ELEM.DATA, data, "first")]),
    ...(isInterval ? [value(NFTA_SET_ELEM.KEY_END, key, "last")] : []),
  ];
  return message(type, flags, [
    header(NFPROTO.INET, 0),
    text(NFTA_SET_ELEM_LIST.TABLE, table),
    text(NFTA_SET_ELEM_LIST.SET, set),
    nested(NFTA_SET_ELEM_LIST.ELEMENTS, [nested(NFTA_LIST_ELEM, attributes)]),
  ]);
}

type End = "first" | "last";

function value(type: number, fields: readonly ElementField[], end: End): Buffer {
  return nested(type, [attribute(NFTA_DATA_VALUE, Buffer.concat(fields.map((field) => fieldBytes(field, end))))]);
}

function fieldBytes(field: ElementField, end: End): Buffer {
  switch (field.kind) {
    case "address":
      return ipBytes(field.address);
    case "prefix": {
      const prefix = parsePrefix(field.prefix);
      if (prefix === undefined) throw new RangeError(`not a prefix: ${field.prefix}`);
      return ipBytes(formatIp(end === "first" ? firstOf(prefix) : lastOf(prefix)));
    }
    case "protocol": {
      const bytes = Buffer.alloc(REGISTER_BYTES);
      bytes.writeUInt8(PROTOCOL_NUMBERS[field.protocol], 0);
      return bytes;
    }
    case "port": {
      const bytes = Buffer.alloc(REGISTER_BYTES);
      bytes.writeUInt16BE(field.port, 0);
      return bytes;
    }
  }
}
