/** A unicast, blackhole or unreachable route. */
export interface Route {
  /** Canonical network prefix; the default route is `0.0.0.0/0` or `::/0`. */
  readonly destination: string;
  /** Routing table; the main table is 254. */
  readonly table: number;
  /** Kernel priority; 0 for IPv4 unless two routes to one destination must differ. IPv6 uses 1024. */
  readonly metric: number;
  readonly type: "unicast" | "blackhole" | "unreachable";
  readonly gateway?: string;
  readonly link?: string;
  readonly scope?: "global" | "link";
  /** Preferred source address. */
  readonly source?: string;
  readonly mtu?: number;
}
