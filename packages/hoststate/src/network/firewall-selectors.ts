import { type Cursor, peek } from "./firewall-tokens.ts";
import type { ValueType } from "./firewall-values.ts";

/** What a rule may look at, and the type of its value; fields of one header in header order. */
const SELECTORS: Readonly<Record<string, ValueType>> = {
  iifname: "ifname",
  oifname: "ifname",
  "meta l4proto": "inet_proto",
  "meta nfproto": "nfproto",
  "meta mark": "mark",
  "meta pkttype": "pkt_type",
  "meta length": "integer",
  "ether daddr": "ether_addr",
  "ether saddr": "ether_addr",
  "ip ttl": "integer",
  "ip protocol": "inet_proto",
  "ip saddr": "ipv4_addr",
  "ip daddr": "ipv4_addr",
  "ip6 nexthdr": "inet_proto",
  "ip6 hoplimit": "integer",
  "ip6 saddr": "ipv6_addr",
  "ip6 daddr": "ipv6_addr",
  "icmp type": "icmp_type",
  "icmpv6 type": "icmpv6_type",
  "tcp sport": "inet_service",
  "tcp dport": "inet_service",
  "tcp flags": "tcp_flag",
  "udp sport": "inet_service",
  "udp dport": "inet_service",
  "udp length": "integer",
  "sctp sport": "inet_service",
  "sctp dport": "inet_service",
  "th sport": "inet_service",
  "th dport": "inet_service",
  "ct state": "ct_state",
  "ct status": "ct_status",
  "ct direction": "ct_dir",
  "ct mark": "mark",
  "fib daddr type": "fib_addrtype",
  "fib saddr type": "fib_addrtype",
  "fib daddr . iif type": "fib_addrtype",
  "fib saddr . iif oif": "fib_result",
  "fib saddr . mark . iif oif": "fib_result",
  ...conntrackTuple("original"),
  ...conntrackTuple("reply"),
};

function conntrackTuple(direction: string): Record<string, ValueType> {
  return {
    [`ct ${direction} ip saddr`]: "ipv4_addr",
    [`ct ${direction} ip daddr`]: "ipv4_addr",
    [`ct ${direction} ip6 saddr`]: "ipv6_addr",
    [`ct ${direction} ip6 daddr`]: "ipv6_addr",
    [`ct ${direction} proto-src`]: "inet_service",
    [`ct ${direction} proto-dst`]: "inet_service",
  };
}

/** Selectors by first word, longest first. */
const BY_FIRST = Map.groupBy(
  Object.keys(SELECTORS)
    .map((text) => ({ text, words: text.split(" ") }))
    .sort((a, b) => b.words.length - a.words.length),
  ({ words }) => words[0] ?? "",
);

/** Types whose values are bits: `established,related` matches when one of them is set. */
export const FLAG_TYPES: ReadonlySet<ValueType> = new Set(["ct_state", "ct_status", "tcp_flag"]);

const RANKS = new Map(Object.keys(SELECTORS).map((text, index) => [text, index]));

/** The packet header that a selector reads; undefined for all that is no header. */
export function headerOf(selector: string): string | undefined {
  return /^(ether|ip|ip6|icmp|icmpv6|tcp|udp|sctp|th) /.exec(selector)?.[1];
}

/** Position of a selector in the table, for sorting. */
export function selectorRank(selector: string): number {
  return RANKS.get(selector) ?? RANKS.size;
}

export interface Selector {
  readonly text: string;
  readonly type: ValueType;
}

/** Reads a selector if one is next. */
export function takeSelector(cursor: Cursor): Selector | undefined {
  const raw = /^@(?:ll|nh|th|ih),\d+,\d+$/.exec(peek(cursor));
  if (raw !== null) {
    cursor.at++;
    return { text: raw[0], type: "raw" };
  }
  const prefixed = peek(cursor) === "meta" && /^[io]ifname$/.test(cursor.tokens[cursor.at + 1] ?? "");
  if (prefixed) cursor.at++;
  const found = BY_FIRST.get(peek(cursor))?.find(({ words }) => words.every((word, index) => cursor.tokens[cursor.at + index] === word));
  if (found === undefined) return undefined;
  cursor.at += found.words.length;
  const type = SELECTORS[found.text];
  return type === undefined ? undefined : { text: found.text, type };
}
