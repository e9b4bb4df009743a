import type { Family } from "@pharos/hoststate";

/** The routing table that is looked into when no policy rule says otherwise. */
export const MAIN_TABLE = 254;

/** Metric of the `rank`-th choice among routes to one destination; 0 is the first. IPv6 begins at the kernel's own 1024. */
export function routeMetric(family: Family, rank = 0): number {
  return (family === "ipv4" ? 0 : 1024) + rank * 100;
}
