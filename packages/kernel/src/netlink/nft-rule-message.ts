import { NLM_F } from "./constants.ts";
import { attributesOf, message, type NetlinkMessage, text, textOf } from "./message.ts";

/** Numbers of linux/netfilter/nfnetlink.h and nf_tables.h. */
const NFNL_SUBSYS_NFTABLES = 10;
const NFT_MSG = { NEWRULE: (NFNL_SUBSYS_NFTABLES << 8) | 6, GETRULE: (NFNL_SUBSYS_NFTABLES << 8) | 7 } as const;
const NFPROTO_INET = 1;
const NFTA_RULE = { TABLE: 1, CHAIN: 2 } as const;
/** `struct nfgenmsg`. */
const GENMSG_BYTES = 4;

/** NFT_MSG_GETRULE of all rules of a table of the inet family. A table that is not there has none. */
export function encodeNftRuleDump(table: string): Uint8Array {
  return message(NFT_MSG.GETRULE, NLM_F.REQUEST | NLM_F.DUMP, [Buffer.from([NFPROTO_INET, 0, 0, 0]), text(NFTA_RULE.TABLE, table)]);
}

/** Table and chain of a listed rule; undefined for any other message. */
export function nftRulePlaceOf({ type, body }: NetlinkMessage): { readonly table: string; readonly chain: string } | undefined {
  if (type !== NFT_MSG.NEWRULE) return undefined;
  const attributes = attributesOf(body, GENMSG_BYTES);
  return { table: textOf(attributes, NFTA_RULE.TABLE) ?? "", chain: textOf(attributes, NFTA_RULE.CHAIN) ?? "" };
}
