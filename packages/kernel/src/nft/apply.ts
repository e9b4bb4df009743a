import { PharosError } from "@pharos/base";
import { NFT_CODES } from "./codes.ts";
import { NftFailure, type NftRunner } from "./runner.ts";

/** Runs one transaction: all of it, or nothing. PHAROS-2050 with nft's message when nft or the kernel refuses it. */
export async function applyFirewall(runner: NftRunner, transaction: string): Promise<void> {
  try {
    await runner.run(["-f", "-"], transaction);
  } catch (error) {
    if (!(error instanceof NftFailure)) throw error;
    throw new PharosError(NFT_CODES.refused, error.message);
  }
}
