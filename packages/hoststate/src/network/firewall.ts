/** Name of our nftables table, family inet. */
export const FIREWALL_TABLE = "pharos";

/** Where a base chain is attached. */
export interface Hook {
  readonly type: "filter" | "nat" | "route";
  readonly hook: "prerouting" | "input" | "forward" | "output" | "postrouting";
  /** nftables priority as a number (filter = 0, dstnat = -100, srcnat = 100). */
  readonly priority: number;
  readonly policy: "accept" | "drop";
}

/** One rule of a chain. */
export interface FirewallRule {
  /** Matches and statements in nft's grammar, without the comment: `tcp dport 50000 accept`. */
  readonly body: string;
  /** Which document and field made the rule, for people and for `explain`: at most 100 printable ASCII characters, no quote. */
  readonly origin: string;
}

/** A chain; a base chain when it has a hook. The order of its rules counts. */
export interface FirewallChain {
  readonly kind: "chain";
  readonly name: string;
  readonly hook?: Hook;
  readonly rules: readonly FirewallRule[];
}

/** A named set. Elements are canonical nft text (`10.0.0.0/24`, `10.0.0.1-10.0.0.9`, `10.0.0.1 . 80`). */
export interface FirewallSet {
  readonly kind: "set";
  readonly name: string;
  /** `ipv4_addr`, or a concatenation `ipv4_addr . inet_service`. */
  readonly type: string;
  readonly interval: boolean;
  readonly elements: readonly string[];
}

/** A named map; with value type `verdict` a verdict map (values `accept`, `drop`, `goto NAME`, `jump NAME`). */
export interface FirewallMap {
  readonly kind: "map";
  readonly name: string;
  readonly keyType: string;
  readonly valueType: string;
  readonly interval: boolean;
  readonly elements: readonly { readonly key: string; readonly value: string }[];
}

/** An object of the table `inet pharos`. */
export type FirewallObject = FirewallChain | FirewallSet | FirewallMap;
