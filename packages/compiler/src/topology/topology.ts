import type { Vehicle } from "../vehicle/model.ts";
import { type Attachments, attachmentsOf } from "./attachments.ts";
import { type NextHop, nextHops } from "./next-hops.ts";

/** Who is attached where, with the routing table of each host. */
export interface Topology extends Attachments {
  /** `nextHops` of a host, worked out when first asked for: a path asks several hosts, and a matrix of paths asks them all, often. */
  readonly nextHopsOf: (host: string) => readonly NextHop[];
}

/** Derives the topology from a vehicle. Only managed hosts are ever gone through. */
export function topologyOf(vehicle: Vehicle): Topology {
  const attachments = attachmentsOf(vehicle);
  const tables = new Map<string, readonly NextHop[]>();
  const nextHopsOf = (host: string): readonly NextHop[] => {
    const known = tables.get(host) ?? nextHops(attachments, host);
    tables.set(host, known);
    return known;
  };
  return { ...attachments, nextHopsOf };
}
