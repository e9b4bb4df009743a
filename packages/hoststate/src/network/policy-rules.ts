/** A rule of the routing policy database (`ip rule`). Not to be confused with forwardRules. */
export interface PolicyRule {
  readonly family: "ipv4" | "ipv6";
  /** Pharos owns 20000 to 20999. */
  readonly priority: number;
  readonly from?: string;
  readonly to?: string;
  readonly iif?: string;
  readonly oif?: string;
  readonly mark?: number;
  readonly mask?: number;
  readonly table: number;
}
