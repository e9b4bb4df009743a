export { applyFirewall } from "./apply.ts";
export { NFT_CODES } from "./codes.ts";
export { applyTransactionToObjects } from "./effect.ts";
export { nftFirewall } from "./firewall.ts";
export { observeFirewall } from "./observe.ts";
export { NftFailure, type NftRunner, type SystemNftOptions, systemNft } from "./runner.ts";
