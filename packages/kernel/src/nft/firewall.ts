import { UNREAD_BODY } from "@pharos/hoststate/firewall";
import { applyFirewall } from "./apply.ts";
import type { FirewallPort } from "./firewall-port.ts";
import { observeFirewall } from "./observe.ts";
import { FOREIGN_BODY } from "./read-objects.ts";
import type { NftRunner } from "./runner.ts";

/** How many rules a memory of unreadable ones holds; past that, further ones count as changed by hand. */
const MEMORY = 20_000;

/**
 * The firewall of the network namespace that `runner` works in.
 *
 * A rule that this version of nft prints in a form outside our grammar counts as changed, and is written again. If it comes
 * back in that form right after we wrote it, then this is how nft prints it: from then on it counts as changed only when it
 * is printed in another form. So a new version of nft costs one superfluous transaction, not one after the other.
 */
export function nftFirewall(runner: NftRunner): FirewallPort {
  /** What nft printed for the rule whose comment has this hash; undefined: it is not known yet whether that is ours. */
  const printed = new Map<string, string | undefined>();
  /** Hashes of `printed` that we have written since the last listing. */
  const written = new Set<string>();

  const nameForeign = (hash: string | undefined, expressions: string): string => {
    if (hash === undefined) return FOREIGN_BODY;
    if (written.has(hash)) printed.set(hash, expressions);
    else if (!printed.has(hash) && printed.size < MEMORY) printed.set(hash, undefined);
    return printed.get(hash) === expressions ? `${UNREAD_BODY}${hash}` : FOREIGN_BODY;
  };

  return {
    observe: async () => {
      const objects = await observeFirewall(runner, nameForeign);
      written.clear();
      return objects;
    },
    apply: async (transaction) => {
      await applyFirewall(runner, transaction);
      if (printed.size === 0) return;
      for (const [, hash = ""] of transaction.matchAll(/ comment "([0-9a-z]{11})/g)) if (printed.has(hash)) written.add(hash);
    },
  };
}
