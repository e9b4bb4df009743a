import { PharosError } from "@pharos/base";
import {
  addressAt,
  containsIp,
  type Family,
  firstOf,
  formatIp,
  type Ip,
  lastOf,
  type PodBridge,
  type PodRange,
  parseIp,
  parsePrefix,
} from "@pharos/hoststate";
import { ATTACH_ADDRESS_OUTSIDE, ATTACH_ADDRESS_TAKEN, ATTACH_EXHAUSTED } from "./codes.ts";

/** An address for a pod. */
export interface PodAddress {
  /** With the prefix length of the subnet: `10.2.1.5/24`. */
  readonly address: string;
  /** The bridge's own address in that subnet, when it is a gateway. */
  readonly gateway?: string;
}

export interface AddressChoice {
  readonly bridge: PodBridge;
  /** Fixed addresses that the pod asks for, at most one per family. */
  readonly requested: readonly string[];
  /** Addresses to take when they are free: those that the same attachment had before. */
  readonly preferred: readonly string[];
  /** Addresses (without length) that other attachments hold. */
  readonly taken: ReadonlySet<string>;
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
  const ranges = choice.bridge.ranges.filter((range) => familyOf(range) === family);
  const fixed = choice.requested.find((text) => parseIp(text)?.family === family);
  if (fixed !== undefined) return fixedAddress(fixed, ranges, choice);
  for (const range of ranges) {
    const former = choice.preferred.find((text) => isFree(text, range, choice.taken));
    if (former !== undefined) return podAddress(range, former);
  }
  for (const range of ranges) {
    const found = nextFree(range, choice);
    if (found !== undefined) return podAddress(range, found);
  }
  const spans = ranges.map((range) => `${range.rangeStart} to ${range.rangeEnd}`).join(", ");
  throw new PharosError(ATTACH_EXHAUSTED, `bridge ${choice.bridge.name} has no free address in ${spans}`);
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

/** The first free address behind the one handed out last, going round once. */
function nextFree(range: PodRange, { taken, last }: AddressChoice): string | undefined {
  const start = parseIp(range.rangeStart);
  const end = parseIp(range.rangeEnd);
  if (start === undefined || end === undefined) return undefined;
  const inRange = (ip: Ip) => ip.family === start.family && ip.value >= start.value && ip.value <= end.value;
  const former = last.map((text) => parseIp(text)).find((ip) => ip !== undefined && inRange(ip));
  const size = end.value - start.value + 1n;
  const offset = former === undefined ? 0n : former.value - start.value + 1n;
  for (let step = 0n; step < size; step++) {
    const text = formatIp(addressAt(start, (offset + step) % size));
    if (isFree(text, range, taken)) return text;
  }
  return undefined;
}

function isFree(text: string, range: PodRange, taken: ReadonlySet<string>): boolean {
  return holds(range.block, text) && !taken.has(text) && !isReserved(text, range);
}

/** Gateway, excluded addresses, and in IPv4 below /31 the subnet's network and broadcast address. */
function isReserved(text: string, range: PodRange): boolean {
  if (text === range.gateway || range.exclude.includes(text)) return true;
  const subnet = parsePrefix(range.subnet);
  if (subnet === undefined || subnet.ip.family !== "ipv4" || subnet.length >= 31) return false;
  return text === formatIp(firstOf(subnet)) || text === formatIp(lastOf(subnet));
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
