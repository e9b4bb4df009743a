import { PharosError } from "@pharos/base";
import {
  compareIp,
  containsIp,
  firstOf,
  formatIp,
  type Ip,
  lastOf,
  type PodRange,
  type Prefix,
  parseIp,
  parsePrefix,
} from "@pharos/hoststate";
import { ATTACH_ADDRESS_OUTSIDE, ATTACH_BAD_CONFIG } from "./codes.ts";
import { type JsonObject, listOf, objectOf, textOf } from "./fields.ts";

/** A span of addresses that a pod's address is to come from (capability `ipRanges`). */
export interface AddressSpan {
  readonly first: Ip;
  readonly last: Ip;
  /** Router of the subnet, canonical. */
  readonly gateway?: string;
  /** Where it stands, for messages. */
  readonly path: string;
}

/**
 * Reads `runtimeConfig.ipRanges`: a list of lists of ranges. host-local gives an address for each inner list; here all of one family are
 * alternatives, because a pod has one address of a family.
 */
export function readIpRanges(value: unknown): readonly AddressSpan[] {
  const path = "runtimeConfig.ipRanges";
  return listOf(value, path).flatMap((set, outer) =>
    listOf(set, `${path}[${outer}]`).map((range, inner) =>
      readSpan(objectOf(range, `${path}[${outer}][${inner}]`), `${path}[${outer}][${inner}]`),
    ),
  );
}

function readSpan(fields: JsonObject, path: string): AddressSpan {
  const subnet = parsePrefix(textOf(fields.subnet, `${path}.subnet`) ?? "");
  if (subnet === undefined) throw new PharosError(ATTACH_BAD_CONFIG, `${path}.subnet is not a prefix: ${JSON.stringify(fields.subnet)}`);
  const first = addressIn(subnet, fields, { name: "rangeStart", path }) ?? firstOf(subnet);
  const last = addressIn(subnet, fields, { name: "rangeEnd", path }) ?? lastOf(subnet);
  if (compareIp(first, last) > 0) throw new PharosError(ATTACH_BAD_CONFIG, `${path}.rangeEnd is before its rangeStart`);
  const gateway = addressIn(subnet, fields, { name: "gateway", path });
  return { first, last, ...(gateway === undefined ? {} : { gateway: formatIp(gateway) }), path };
}

function addressIn(subnet: Prefix, fields: JsonObject, { name, path }: { readonly name: string; readonly path: string }): Ip | undefined {
  const text = textOf(fields[name], `${path}.${name}`);
  if (text === undefined || text === "") return undefined;
  const ip = parseIp(text);
  if (ip === undefined || !containsIp(subnet, ip))
    throw new PharosError(ATTACH_BAD_CONFIG, `${path}.${name} is not an address of its subnet: ${JSON.stringify(text)}`);
  return ip;
}

/**
 * The ranges of a bridge cut to the spans, which choose among this host's block, not only among what is handed out by itself. Families
 * that no span names are left out. PHAROS-2207 when nothing is left.
 */
export function withinSpans(ranges: readonly PodRange[], spans: readonly AddressSpan[]): readonly PodRange[] {
  if (spans.length === 0) return ranges;
  const cut = spans.flatMap((span) => ranges.flatMap((range) => intersection(range, span) ?? []));
  if (cut.length > 0) return cut;
  const blocks = ranges.map(({ block }) => block).join(", ") || "none";
  throw new PharosError(ATTACH_ADDRESS_OUTSIDE, `${spans[0]?.path} and all others lie outside this host's blocks: ${blocks}`);
}

function intersection(range: PodRange, { first, last }: AddressSpan): PodRange | undefined {
  const block = parsePrefix(range.block);
  if (block === undefined || block.ip.family !== first.family) return undefined;
  const start = compareIp(firstOf(block), first) > 0 ? firstOf(block) : first;
  const end = compareIp(lastOf(block), last) < 0 ? lastOf(block) : last;
  return compareIp(start, end) > 0 ? undefined : { ...range, rangeStart: formatIp(start), rangeEnd: formatIp(end) };
}

/** True when a span holds the address, or there is none. */
export function isInside(spans: readonly AddressSpan[], address: string): boolean {
  const ip = parseIp(address);
  return spans.length === 0 || (ip !== undefined && spans.some(({ first, last }) => compareIp(first, ip) <= 0 && compareIp(ip, last) <= 0));
}

/** Refuses a fixed address that no span holds. */
export function requireInside(spans: readonly AddressSpan[], { address, path }: { readonly address: string; readonly path: string }): void {
  if (!isInside(spans, address))
    throw new PharosError(ATTACH_ADDRESS_OUTSIDE, `${path}: ${address} lies in none of runtimeConfig.ipRanges`);
}
