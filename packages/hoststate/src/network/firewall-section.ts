import type { Section } from "../section.ts";
import type { FirewallChain, FirewallMap, FirewallObject, FirewallRule, FirewallSet } from "./firewall.ts";
import { bodyHash, commentOrigin } from "./firewall-comment.ts";
import { mapElements, setElements } from "./firewall-elements.ts";
import { firewallKey, needsReplacement } from "./firewall-references.ts";
import { canonicalBody } from "./firewall-rule.ts";
import { firewallLines } from "./firewall-text.ts";
import { firewallTransaction } from "./firewall-transaction.ts";

/**
 * A body that an observer could not read but knows to be as it was written: `#` and the hash of what was written. See
 * `bodyHash`.
 */
export const UNREAD_BODY = "#";

/** The objects of the table `inet pharos`. All changes make one step: nft takes them as one transaction. */
export const firewallSection: Section<FirewallObject> = {
  key: firewallKey,
  equal: (observed, desired) => {
    if (needsReplacement(observed, desired)) return false;
    if (observed.kind === "chain") return desired.kind === "chain" && sameChain(observed, desired);
    return desired.kind !== "chain" && sameElements(observed, desired);
  },
  steps: (changes) => (changes.length === 0 ? [] : [{ kind: "firewall.apply", transaction: firewallTransaction(changes) }]),
  text: firewallLines,
};

function sameChain(observed: FirewallChain, desired: FirewallChain): boolean {
  return (
    observed.hook?.policy === desired.hook?.policy &&
    observed.rules.length === desired.rules.length &&
    desired.rules.every((rule, index) => sameRule(observed.rules[index], rule))
  );
}

function sameRule(observed: FirewallRule | undefined, desired: FirewallRule): boolean {
  if (observed === undefined) return false;
  if (observed.origin !== desired.origin && commentOrigin(observed) !== commentOrigin(desired)) return false;
  if (observed.body === desired.body) return true;
  const body = canonicalBody(desired.body);
  if (body === undefined) return false;
  return observed.body.startsWith(UNREAD_BODY)
    ? observed.body === `${UNREAD_BODY}${bodyHash(body)}`
    : canonicalBody(observed.body) === body;
}

function sameElements(observed: FirewallSet | FirewallMap, desired: FirewallSet | FirewallMap): boolean {
  if (observed.kind === "set" && desired.kind === "set") {
    // Most features write canonical text, which needs no reading.
    if (
      observed.elements.length === desired.elements.length &&
      desired.elements.every((element, index) => element === observed.elements[index])
    )
      return true;
    const elements = setElements(desired);
    const seen = setElements(observed);
    return elements !== undefined && elements.length === seen?.length && elements.every((element, index) => element === seen[index]);
  }
  if (observed.kind !== "map" || desired.kind !== "map") return false;
  const entries = mapElements(desired);
  const seen = mapElements(observed);
  return entries !== undefined && entries.size === seen?.size && [...entries].every(([key, value]) => seen.get(key) === value);
}
