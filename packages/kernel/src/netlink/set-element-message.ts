import { firstOf, formatIp, lastOf, parsePrefix } from "@pharos/hoststate";
import { NLM_F } from "./constants.ts";
import { ipBytes } from "./ip-bytes.ts";
import { attribute, attributesOf, message, type NetlinkMessage, nested, nestedOf, text } from "./message.ts";

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
const NFT_MSG = {
  NEWSETELEM: (NFNL_SUBSYS_NFTABLES << 8) | 12,
  GETSETELEM: (NFNL_SUBSYS_NFTABLES << 8) | 13,
  DELSETELEM: (NFNL_SUBSYS_NFTABLES << 8) | 14,
} as const;
const NFPROTO = { UNSPEC: 0, INET: 1 } as const;
const NFTA_SET_ELEM_LIST = { TABLE: 1, SET: 2, ELEMENTS: 3 } as const;
const NFTA_LIST_ELEM = 1;
const NFTA_SET_ELEM = { KEY: 1, DATA: 2, KEY_END: 10 } as const;
const NFTA_DATA_VALUE = 1;
/** `struct nfgenmsg`. */
const GENMSG_BYTES = 4;
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
export function encodeBatchBegin(): Uint8Array {
  return message(NFNL_MSG_BATCH.BEGIN, NLM_F.REQUEST, [header(NFPROTO.UNSPEC, NFNL_SUBSYS_NFTABLES)]);
}

/** Commits a transaction. */
export function encodeBatchEnd(): Uint8Array {
  return message(NFNL_MSG_BATCH.END, NLM_F.REQUEST, [header(NFPROTO.UNSPEC, NFNL_SUBSYS_NFTABLES)]);
}

/** NFT_MSG_NEWSETELEM. ENOENT without table or set; no error when the same element is there, EEXIST when the key holds other data. */
export function encodeSetElementAdd(element: SetElement): Uint8Array {
  return elementMessage(NFT_MSG.NEWSETELEM, NLM_F.REQUEST | NLM_F.CREATE, element);
}

/** NFT_MSG_DELSETELEM. ENOENT when there is no such element. */
export function encodeSetElementDelete(element: SetElement): Uint8Array {
  return elementMessage(NFT_MSG.DELSETELEM, NLM_F.REQUEST, element);
}

/** NFT_MSG_GETSETELEM as a dump: all elements of a set. ENOENT without table or set. */
export function encodeSetElementDump({ table, set }: Pick<SetElement, "table" | "set">): Uint8Array {
  return message(NFT_MSG.GETSETELEM, NLM_F.REQUEST | NLM_F.DUMP, [
    header(NFPROTO.INET, 0),
    text(NFTA_SET_ELEM_LIST.TABLE, table),
    text(NFTA_SET_ELEM_LIST.SET, set),
  ]);
}

/** What tells elements of one set apart, with what a map holds for each: equal text, equal element. */
export function elementText({ key, data }: Pick<SetElement, "key" | "data">): string {
  const end = isInterval(key) ? valueBytes(key, "last") : undefined;
  return joined([valueBytes(key, "first"), end, data === undefined ? undefined : valueBytes(data, "first")]);
}

/** The elements that a message of a dump holds, each as `elementText` tells it. */
export function decodeSetElements({ type, body }: NetlinkMessage): readonly string[] {
  if (type !== NFT_MSG.NEWSETELEM) return [];
  const list = attributesOf(body, GENMSG_BYTES).get(NFTA_SET_ELEM_LIST.ELEMENTS);
  return list === undefined
    ? []
    : listed(list).map((element) => {
        const valueIn = (attributeType: number) => nestedOf(element, attributeType).get(NFTA_DATA_VALUE);
        return joined([valueIn(NFTA_SET_ELEM.KEY), valueIn(NFTA_SET_ELEM.KEY_END), valueIn(NFTA_SET_ELEM.DATA)]);
      });
}

/** NFT_MSG_DELSETELEM of an element as `decodeSetElements` told it. */
export function encodeListedElementDelete({ table, set }: Pick<SetElement, "table" | "set">, listed: string): Uint8Array {
  const [key = "", end = ""] = listed.split(/[-:]/);
  const bytes = (type: number, hex: string) => nested(type, [attribute(NFTA_DATA_VALUE, Buffer.from(hex, "hex"))]);
  const attributes = [bytes(NFTA_SET_ELEM.KEY, key), ...(end === "" ? [] : [bytes(NFTA_SET_ELEM.KEY_END, end)])];
  return message(NFT_MSG.DELSETELEM, NLM_F.REQUEST, [
    header(NFPROTO.INET, 0),
    text(NFTA_SET_ELEM_LIST.TABLE, table),
    text(NFTA_SET_ELEM_LIST.SET, set),
    nested(NFTA_SET_ELEM_LIST.ELEMENTS, [nested(NFTA_LIST_ELEM, attributes)]),
  ]);
}

/** The entries of a list: attributes of one type, which a map of attributes would hold only the last of. */
function listed(list: Buffer): ReturnType<typeof attributesOf>[] {
  const entries: ReturnType<typeof attributesOf>[] = [];
  for (let at = 0; at + 4 <= list.length; ) {
    const length = list.readUInt16LE(at);
    if (length < 4 || at + length > list.length) break;
    entries.push(attributesOf(list.subarray(at + 4, at + length)));
    at += (length + 3) & ~3;
  }
  return entries;
}

function joined([key, end, data]: readonly (Buffer | undefined)[]): string {
  const hex = (bytes: Buffer | undefined) => bytes?.toString("hex") ?? "";
  return `${hex(key)}-${hex(end)}:${hex(data)}`;
}

function isInterval(key: SetElement["key"]): boolean {
  return key.some(({ kind }) => kind === "prefix");
}

function elementMessage(type: number, flags: number, { table, set, key, data }: SetElement): Uint8Array {
  const attributes = [
    value(NFTA_SET_ELEM.KEY, key, "first"),
    ...(data === undefined ? [] : [value(NFTA_SET_ELEM.DATA, data, "first")]),
    ...(isInterval(key) ? [value(NFTA_SET_ELEM.KEY_END, key, "last")] : []),
  ];
  return message(type, flags, [
    header(NFPROTO.INET, 0),
    text(NFTA_SET_ELEM_LIST.TABLE, table),
    text(NFTA_SET_ELEM_LIST.SET, set),
    nested(NFTA_SET_ELEM_LIST.ELEMENTS, [nested(NFTA_LIST_ELEM, attributes)]),
  ]);
}

type End = "first" | "last";

function value(type: number, fields: readonly ElementField[], end: End): Uint8Array {
  return nested(type, [attribute(NFTA_DATA_VALUE, valueBytes(fields, end))]);
}

function valueBytes(fields: readonly ElementField[], end: End): Buffer {
  return Buffer.concat(fields.map((field) => fieldBytes(field, end)));
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
