import { objectOf, textOf } from "@pharos/attach";
import type { LedgerEntry } from "@pharos/ledger";
import type { PluginConfig } from "../config.ts";

/**
 * False when the call is about another attachment than the ledger holds under its key by now. A container runtime never says; the
 * agent, which repairs and reclaims what it saw in the ledger a moment ago, names in the field `expects` the boot and the network
 * namespace of that entry. Without it a repair could attach a pod anew that is being torn down, and a removal could cut one off
 * that was started again.
 */
export function isExpected({ fields }: PluginConfig, entry: LedgerEntry | undefined): boolean {
  if (fields.expects === undefined) return true;
  const expects = objectOf(fields.expects, "expects");
  return (
    entry !== undefined &&
    entry.bootId === textOf(expects.bootId, "expects.bootId") &&
    (entry.netns ?? "") === (textOf(expects.netns, "expects.netns") ?? "")
  );
}
