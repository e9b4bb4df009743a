import type { Finding } from "@pharos/base";
import { containsPrefix, formatPrefix, networkOf, overlaps, type Prefix } from "@pharos/hoststate";
import { SUBNETS_OVERLAP } from "../codes.ts";
import { found, place } from "../found.ts";
import type { Origin, Vehicle } from "../vehicle/model.ts";

interface Subnet {
  readonly prefix: Prefix;
  /** What it is the subnet of, for people. */
  readonly what: string;
  /** Subnets of equal wire may be equal. */
  readonly wire: string;
  readonly at: Origin;
  readonly field: string;
}

/** One finding for each pair of subnets in different places that overlap; a wire is one place, a bridge with its VMs too. */
export function subnetFindings(vehicle: Vehicle): readonly Finding[] {
  const all = [...rangesOf(vehicle), ...wireSubnets(vehicle)];
  const findings: Finding[] = [];
  all.forEach((one, index) => {
    for (const other of all.slice(0, index)) {
      if (overlaps(one.prefix, other.prefix) && !agree(one, other)) findings.push(overlap(one, other));
    }
  });
  return findings;
}

function rangesOf(vehicle: Vehicle): readonly Subnet[] {
  return vehicle.bridges.flatMap((bridge) =>
    bridge.ranges.map((range) => ({
      prefix: range.subnet,
      what: `bridge ${bridge.name}`,
      wire: `bridge ${bridge.name} range ${range.origin.path}`,
      at: range.origin,
      field: "subnet",
    })),
  );
}

/** The subnets of interfaces' addresses, each once a wire. Interfaces on a bridge with that subnet are left to the bridge. */
function wireSubnets(vehicle: Vehicle): readonly Subnet[] {
  const interfaces = [...vehicle.hosts, ...vehicle.cloud].flatMap((host) => host.interfaces);
  const distinct = new Map<string, Subnet>();
  for (const intf of interfaces) {
    if (intf.address === undefined) continue;
    const prefix = networkOf(intf.address);
    const bridge = vehicle.bridges.find(({ name }) => name === intf.segment);
    if (bridge?.ranges.some((range) => sameNetwork(range.subnet, prefix))) continue;
    const key = `${intf.segment} ${formatPrefix(prefix)}`;
    const wire = bridge === undefined ? `segment ${intf.segment}` : `on ${bridge.name}`;
    if (!distinct.has(key))
      distinct.set(key, { prefix, what: `${intf.qualifiedName} on wire ${intf.segment}`, wire, at: intf.origin, field: "address" });
  }
  return [...distinct.values()];
}

function sameNetwork(a: Prefix, b: Prefix): boolean {
  return a.length === b.length && containsPrefix(a, b);
}

function agree(a: Subnet, b: Subnet): boolean {
  return a.wire === b.wire && sameNetwork(a.prefix, b.prefix);
}

function overlap(one: Subnet, other: Subnet): Finding {
  const says = `${formatPrefix(one.prefix)} of ${one.what} overlaps ${formatPrefix(other.prefix)} of ${other.what} (${place(other.at)})`;
  const advice = one.wire === other.wire ? "give all interfaces on one wire the same prefix length" : SUBNETS_OVERLAP.action;
  return found({ code: SUBNETS_OVERLAP, at: one.at, field: one.field, says, advice });
}
