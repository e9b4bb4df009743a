/** The firewall's text and its canonical forms, for code that reads what nft prints. */
export { bodyHash, parseComment } from "./network/firewall-comment.ts";
export { canonicalElements, elementTypes, mapElements, setElements } from "./network/firewall-elements.ts";
export { isFirewallName } from "./network/firewall-names.ts";
export { firewallKey, referencesOf } from "./network/firewall-references.ts";
export { canonicalBody } from "./network/firewall-rule.ts";
export { UNREAD_BODY } from "./network/firewall-section.ts";
