import type { Checked, Finding } from "@pharos/base";
import { compareIp, containsIp, containsPrefix, formatPrefix, type Ip, overlaps, parsePrefix } from "@pharos/hoststate";
import { BLOCK_CONFLICT, RANGE_EXHAUSTED } from "../codes.ts";
import type { Allocation, DocumentSet } from "../documents.ts";
import { handOutBounds } from "../features/pod-network-data.ts";
import { found } from "../found.ts";
import { buildVehicle } from "../vehicle/build.ts";
import type { BridgeRange, PlacedBridge, Vehicle } from "../vehicle/model.ts";
import { compareText } from "../vehicle/names.ts";
import { type Block, type Cut, type CutResult, cutSubnet } from "./cut-subnet.ts";

/** A block that the last revision, a Bridge's status or a host's report knows. */
export interface KnownBlock extends Allocation {
  /** Addresses of it that pods hold, as its host reports; absent: unknown, so it counts as in use. */
  readonly used?: number;
}

/**
 * Gives each host that carries a bridge its block of each of the bridge's subnets. Known blocks stay, and go only when their host
 * no longer carries the bridge and holds no address; blocks that hold none are cut anew when there is no room without that. Equal
 * input gives equal output, in whatever order. Sorted by bridge, subnet and host.
 */
export function allocateBlocks(
  documents: Pick<DocumentSet, "nodes" | "bridges">,
  known: readonly KnownBlock[],
): Checked<readonly Allocation[]> {
  const vehicle = buildVehicle({ documents }).value;
  if (vehicle === undefined) return { value: known.map(plain), findings: [] };
  const findings: Finding[] = [];
  const allocations = vehicle.bridges.flatMap((bridge) =>
    bridge.ranges.flatMap((range) => {
      const subnet = formatPrefix(range.subnet);
      const own = known.filter((block) => block.bridge === bridge.name && block.subnet === subnet);
      const blocks = allocateRange({ vehicle, bridge, range, known: own }, findings);
      return blocks.map(({ host, block }): Allocation => ({ bridge: bridge.name, subnet, host, block: formatPrefix(block) }));
    }),
  );
  return { value: allocations.sort(compareAllocations), findings };
}

function plain({ bridge, subnet, host, block }: KnownBlock): Allocation {
  return { bridge, subnet, host, block };
}

function compareAllocations(a: Allocation, b: Allocation): number {
  return compareText(a.bridge, b.bridge) || compareText(a.subnet, b.subnet) || compareText(a.host, b.host);
}

interface RangeInput {
  readonly vehicle: Vehicle;
  readonly bridge: PlacedBridge;
  readonly range: BridgeRange;
  readonly known: readonly KnownBlock[];
}

function allocateRange(input: RangeInput, findings: Finding[]): readonly Block[] {
  const { bridge, range, known } = input;
  const needed = known.filter((block) => bridge.hosts.includes(block.host) || block.used !== 0);
  const first = cutSubnet(cutOf(input, needed));
  const isShort = first.without.length > 0 || first.scattered.length > 0;
  const result = isShort
    ? cutSubnet(
        cutOf(
          input,
          needed.filter((block) => block.used !== 0),
        ),
      )
    : first;
  findings.push(...shortages(bridge, range, result));
  return result.blocks;
}

function cutOf({ vehicle, bridge, range }: RangeInput, known: readonly KnownBlock[]): Cut {
  const { rangeStart, rangeEnd } = range;
  const bounded = [rangeStart, rangeEnd].every((ip) => ip === undefined || containsIp(range.subnet, ip));
  // A range that is wrong in itself is a finding of its own and must not look like a full one.
  const isSound = bounded && (rangeStart === undefined || rangeEnd === undefined || compareIp(rangeStart, rangeEnd) <= 0);
  const isUseful = (block: Block["block"]): boolean => {
    const { first, last } = handOutBounds(range, block);
    return bridge.bridgeFor !== "pod" || bridge.ipam === "dhcp" || !isSound || compareIp(first, last) <= 0;
  };
  return {
    subnet: range.subnet,
    hosts: bridge.hosts,
    kept: keptBlocks(range, known),
    fixed: fixedByHost(vehicle, bridge, range),
    ...(bridge.blockSize === undefined ? {} : { blockSize: bridge.blockSize }),
    isUseful,
  };
}

/** Known blocks that lie in the subnet; of two that overlap the one of the host that sorts first. */
function keptBlocks(range: BridgeRange, known: readonly KnownBlock[]): readonly Block[] {
  const kept: Block[] = [];
  for (const { host, block: text } of [...known].sort(compareAllocations)) {
    const block = parsePrefix(text);
    if (block === undefined || !containsPrefix(range.subnet, block)) continue;
    if (!kept.some((other) => other.host === host || overlaps(other.block, block))) kept.push({ host, block });
  }
  return kept;
}

/** Addresses of interfaces on each host's instance of the bridge. With one host alone they cannot be in anybody's way. */
function fixedByHost(vehicle: Vehicle, bridge: PlacedBridge, range: BridgeRange): ReadonlyMap<string, readonly Ip[]> {
  if (bridge.hosts.length < 2) return new Map();
  const fixed = new Map<string, Ip[]>();
  for (const host of vehicle.hosts) {
    for (const intf of host.interfaces) {
      const carrier = intf.segment === bridge.name ? (host.parent ?? host.name) : host.name;
      if (intf.address === undefined || !bridge.hosts.includes(carrier) || !containsIp(range.subnet, intf.address.ip)) continue;
      fixed.set(carrier, [...(fixed.get(carrier) ?? []), intf.address.ip]);
    }
  }
  return fixed;
}

function shortages(bridge: PlacedBridge, range: BridgeRange, result: CutResult): readonly Finding[] {
  const subnet = formatPrefix(range.subnet);
  const full = result.without.map((host) => {
    const says = `no block of length /${result.length} of ${subnet} is left for ${host}; ${bridge.name} needs one on each of ${bridge.hosts.join(", ")}`;
    return found({ code: RANGE_EXHAUSTED, at: range.origin, field: "subnet", says });
  });
  if (result.scattered.length === 0) return full;
  const hosts = [...result.scattered].sort(compareText).join(" and ");
  const says = `the fixed addresses of ${hosts} in ${subnet} of ${bridge.name} lie among those of other hosts, so no block holds them alone`;
  return [...full, found({ code: BLOCK_CONFLICT, at: range.origin, field: "subnet", says })];
}
