import type { FirewallRule } from "./firewall.ts";

/** nft takes 128 bytes, a terminating zero among them; the hash and a blank take 12. */
const ORIGIN_LENGTH = 100;

/**
 * Short content hash of a rule's canonical body, 11 characters of base 36 (53 bits; cyrb53). It tells rules apart for people and
 * for an nft that prints a rule in a form we cannot read; it is no defence against somebody who forges it.
 */
export function bodyHash(canonicalBody: string): string {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let index = 0; index < canonicalBody.length; index++) {
    const code = canonicalBody.charCodeAt(index);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return (4294967296 * (2097151 & low) + (high >>> 0)).toString(36).padStart(11, "0");
}

/** The part of an origin that a comment can carry: printable ASCII without quote and backslash, at most 100 characters. */
export function commentOrigin(rule: FirewallRule): string {
  return rule.origin
    .slice(0, ORIGIN_LENGTH)
    .replaceAll(/[^ !#-[\]-~]/g, "?")
    .trim();
}

/** The comment of a rule in the kernel. */
export function commentOf(canonicalBody: string, rule: FirewallRule): string {
  return `${bodyHash(canonicalBody)} ${commentOrigin(rule)}`.trim();
}

/** Takes a comment apart; undefined when it is none of ours. */
export function parseComment(comment: string): { readonly hash: string; readonly origin: string } | undefined {
  const match = /^([0-9a-z]{11})(?: (.*))?$/.exec(comment);
  return match?.[1] === undefined ? undefined : { hash: match[1], origin: match[2] ?? "" };
}
