import { PharosError } from "@pharos/base";
import { FIREWALL_TABLE, type FirewallObject } from "@pharos/hoststate";
import { NFT_CODES } from "./codes.ts";
import { isObject, type JsonObject, listOf } from "./json.ts";
import { type ForeignBodies, readObjects } from "./read-objects.ts";
import { NftFailure, type NftRunner } from "./runner.ts";

/**
 * All objects of the table `inet pharos` as the kernel has them, in canonical text; none when there is no such table. What
 * somebody changed by hand differs from every object that Pharos makes. PHAROS-2052 when it cannot be listed.
 */
export async function observeFirewall(runner: NftRunner, foreign?: ForeignBodies): Promise<readonly FirewallObject[]> {
  const listing = await list(runner);
  return listing === undefined ? [] : readObjects(parse(listing), foreign);
}

async function list(runner: NftRunner): Promise<string | undefined> {
  try {
    return (await runner.run(["-j", "list", "table", "inet", FIREWALL_TABLE])).stdout;
  } catch (error) {
    if (!(error instanceof NftFailure)) throw error;
    if (error.message.includes("No such file or directory")) return undefined;
    throw new PharosError(NFT_CODES.unreadable, error.message);
  }
}

function parse(listing: string): readonly JsonObject[] {
  try {
    const root: unknown = JSON.parse(listing);
    return isObject(root) ? listOf(root.nftables).filter(isObject) : [];
  } catch (cause) {
    throw new PharosError(NFT_CODES.unreadable, "nft printed something that is no JSON", { cause });
  }
}
