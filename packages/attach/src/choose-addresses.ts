import { PharosError } from "@pharos/base";
import { containsIp, type Family, type PodBridge, type PodRange, parseIp, parsePrefix } from "@pharos/hoststate";
import { ATTACH_ADDRESS_OUTSIDE, ATTACH_ADDRESS_TAKEN, ATTACH_EXHAUSTED } from "./codes.ts";
import { isReserved, rangeAddresses } from "./range-addresses.ts";

/** An address for a pod. */
export interface PodAddress {
  /** With the prefix length of the subnet: `10.2.1.5/24`. */
  readonly address: string;
  /** The bridge's own address in that subnet, when it is a gateway. */
  readonly gateway?: string;
  /** Where it came in turn: the first address of its range, which the next search goes on in. */
  readonly turnOf?: string;
}

type AddressSet = Pick<ReadonlySet<string>, "has">;

export interface AddressChoice {
  readonly bridge: PodBridge;
  /** Fixed addresses that the pod asks for, at most one per family. */
  readonly requested: readonly string[];
  /** Addresses to take when they are free: those that the same attachment, or a pod of the same name, had before. */
  readonly preferred: readonly string[];
  /** Addresses (without length) that other attachments hold. */
  readonly taken: AddressSet;
  /** Addresses (without length) that are kept for pods that come again, oldest first: others get them when nothing else is free. */
  readonly kept?: ReadonlySet<string>;
  /** The addresses that were handed out last on this bridge; the search goes on behind them. */
  readonly last: readonly string[];
}

/**
 * Chooses one address for each family that the bridge has a range of; ranges of one family are tried in order.
 * Free addresses are handed out in turn, so that one that was just freed rests as long as possible.
 */
export function chooseAddresses(choice: AddressChoice): readonly PodAddress[] {
  const families = [...new Set(choice.bridge.ranges.map(familyOf))];
  const foreign = choice.requested.find((text) => !families.includes(parseIp(text)?.family ?? "ipv4"));
  if (foreign !== undefined) throw new PharosError(ATTACH_ADDRESS_OUTSIDE, `bridge ${choice.bridge.name} has no range for ${foreign}`);
  if (families.length === 0) throw new PharosError(ATTACH_EXHAUSTED, `bridge ${choice.bridge.name} has no range on this host`);
  return families.map((family) => chooseOne(family, choice));
}

function chooseOne(family: Family, choice: AddressChoice): PodAddress {
  const { bridge, taken, kept = new Set() } = choice;
  const ranges = bridge.ranges.filter((range) => familyOf(range) === family);
  const fixed = choice.requested.find((text) => parseIp(text)?.family === family);
  if (fixed !== undefined) return fixedAddress(fixed, ranges, choice);
  const found = firstFree(choice.preferred, ranges, taken) ?? inTurn(ranges, choice) ?? firstFree(kept, ranges, taken);
  if (found !== undefined) return found;
  const spans = ranges.map((range) => `${range.rangeStart} to ${range.rangeEnd}`).join(", ");
  throw new PharosError(ATTACH_EXHAUSTED, `bridge ${bridge.name} has no free address in ${spans}`);
}

function fixedAddress(text: string, ranges: readonly PodRange[], { bridge, taken }: AddressChoice): PodAddress {
  const range = ranges.find((candidate) => holds(candidate.block, text));
  if (range === undefined) {
    const blocks = ranges.map(({ block }) => block).join(", ");
    throw new PharosError(ATTACH_ADDRESS_OUTSIDE, `${text} is outside ${blocks}, which is what bridge ${bridge.name} has on this host`);
  }
  if (taken.has(text)) throw new PharosError(ATTACH_ADDRESS_TAKEN, `${text} on bridge ${bridge.name} is held by another pod`);
  if (isReserved(text, range)) throw new PharosError(ATTACH_ADDRESS_OUTSIDE, `${text} on bridge ${bridge.name} is reserved`);
  return podAddress(range, text);
}

/** The first of `wanted` that a range has and nobody holds. */
function firstFree(wanted: Iterable<string>, ranges: readonly PodRange[], taken: AddressSet): PodAddress | undefined {
  for (const text of wanted) {
    const range = taken.has(text) ? undefined : ranges.find(({ block }) => holds(block, text));
    if (range !== undefined && !isReserved(text, range)) return podAddress(range, text);
  }
  return undefined;
}

function inTurn(ranges: readonly PodRange[], choice: AddressChoice): PodAddress | undefined {
  for (const range of ranges) {
    const found = nextFree(range, choice);
    if (found !== undefined) return { ...podAddress(range, found), turnOf: range.rangeStart };
  }
  return undefined;
}

/** The first free address behind the one handed out last, going round once. */
function nextFree(range: PodRange, { taken, kept, last }: AddressChoice): string | undefined {
  const addresses = rangeAddresses(range);
  if (addresses === undefined) return undefined;
  const { size, textAt, offsetOf, reservedEnd } = addresses;
  const former = last.map(offsetOf).find((offset) => offset !== undefined) ?? -1;
  for (let step = 1; step <= size; step++) {
    const offset = (former + step) % size;
    const end = reservedEnd(offset);
    if (end !== undefined) {
      step += Math.min(end, size - 1) - offset;
      continue;
    }
    const text = textAt(offset);
    if (!taken.has(text) && kept?.has(text) !== true) return text;
  }
  return undefined;
}

function holds(block: string, text: string): boolean {
  const prefix = parsePrefix(block);
  const ip = parseIp(text);
  return prefix !== undefined && ip !== undefined && containsIp(prefix, ip);
}

function podAddress(range: PodRange, text: string): PodAddress {
  const address = `${text}/${parsePrefix(range.subnet)?.length}`;
  return range.gateway === undefined ? { address } : { address, gateway: range.gateway };
}

function familyOf(range: PodRange): Family {
  return parsePrefix(range.subnet)?.ip.family ?? "ipv4";
}
