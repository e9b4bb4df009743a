import type { CodeEntry } from "@pharos/base";

/** Error codes of the nft edge, PHAROS-2050 to 2069. */
export const NFT_CODES = {
  refused: {
    code: "PHAROS-2050",
    title: "nft refused a transaction; nothing of it was applied",
    action: "See nft's message; a module such as nf_nat may be missing, or somebody else may own the table inet pharos.",
  },
  missing: {
    code: "PHAROS-2051",
    title: "the program nft could not be run",
    action: "Install nftables 1.0.1 or newer, and check that it is in PATH.",
  },
  unreadable: {
    code: "PHAROS-2052",
    title: "the table inet pharos could not be listed",
    action: "See nft's message; nft must be built with JSON support, and listing needs CAP_NET_ADMIN.",
  },
  timeout: {
    code: "PHAROS-2053",
    title: "nft did not end in time",
    action: "Look for a program that keeps the netfilter tables locked.",
  },
} as const satisfies Record<string, CodeEntry>;
