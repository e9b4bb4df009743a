import { addressAt, firstOf, formatIp, type Ip, lastOf, type PodRange, parseIp, parsePrefix } from "@pharos/hoststate";

/** Consecutive addresses, both ends included. */
interface Span {
  readonly first: Ip;
  readonly last: Ip;
}

/** The addresses of a range by their distance from its first one. */
export interface RangeAddresses {
  /** How many there are, at most `MOST`. */
  readonly size: number;
  textAt(offset: number): string;
  /** Undefined outside the range. */
  offsetOf(text: string): number | undefined;
  /** Where the addresses from `offset` on are never handed out: the last of them. */
  reservedEnd(offset: number): number | undefined;
}

/** Far more than pods, and twice as many are still counted exactly. */
const MOST = 2 ** 52;

/** A text of `exclude`: an address, a prefix, or two addresses with `-` between them; undefined for what is none of these. */
function parseSpan(text: string): Span | undefined {
  const prefix = parsePrefix(text);
  if (prefix !== undefined) return { first: firstOf(prefix), last: lastOf(prefix) };
  const [from = "", to = from] = text.split("-");
  const first = parseIp(from.trim());
  const last = parseIp(to.trim());
  return first === undefined || last === undefined || first.family !== last.family || first.value > last.value
    ? undefined
    : { first, last };
}

/** The same in canonical text: an address, or two. */
export function canonicalSpan(text: string): string | undefined {
  const span = parseSpan(text);
  if (span === undefined) return undefined;
  const [first, last] = [formatIp(span.first), formatIp(span.last)];
  return first === last ? first : `${first}-${last}`;
}

/** True for the gateway, excluded addresses, and in IPv4 below /31 the subnet's network and broadcast address. */
export function isReserved(text: string, range: PodRange): boolean {
  const ip = parseIp(text);
  return ip !== undefined && reservedSpans(range).some(({ first, last }) => contains(first, last, ip));
}

/** Undefined when the range's ends are no addresses. Counting in numbers spares the search a big integer for each candidate. */
export function rangeAddresses(range: PodRange): RangeAddresses | undefined {
  const start = parseIp(range.rangeStart);
  const end = parseIp(range.rangeEnd);
  if (start === undefined || end === undefined || start.family !== end.family) return undefined;
  const distance = (ip: Ip) => Number(ip.value - start.value);
  const size = Math.max(0, Math.min(distance(end) + 1, MOST));
  // Most are single addresses, and there may be hundreds.
  const single = new Set<number>();
  const wide: { readonly from: number; readonly to: number }[] = [];
  for (const { first, last } of reservedSpans(range)) {
    if (first.family !== start.family) continue;
    if (first.value === last.value) single.add(distance(first));
    else wide.push({ from: distance(first), to: distance(last) });
  }
  const base = Number(start.value);
  return {
    size,
    textAt: start.family === "ipv4" ? (offset) => dottedQuad(base + offset) : (offset) => formatIp(addressAt(start, BigInt(offset))),
    offsetOf: (text) => {
      const ip = parseIp(text);
      const offset = ip === undefined || !contains(start, end, ip) ? size : distance(ip);
      return offset < size ? offset : undefined;
    },
    reservedEnd: (offset) => (single.has(offset) ? offset : wide.find(({ from, to }) => from <= offset && offset <= to)?.to),
  };
}

function reservedSpans(range: PodRange): readonly Span[] {
  const texts = range.gateway === undefined ? range.exclude : [range.gateway, ...range.exclude];
  const spans = texts.flatMap((text) => parseSpan(text) ?? []);
  const subnet = parsePrefix(range.subnet);
  if (subnet === undefined || subnet.ip.family !== "ipv4" || subnet.length >= 31) return spans;
  return [...spans, ...[firstOf(subnet), lastOf(subnet)].map((ip) => ({ first: ip, last: ip }))];
}

function contains(first: Ip, last: Ip, { family, value }: Ip): boolean {
  return family === first.family && first.value <= value && value <= last.value;
}

function dottedQuad(value: number): string {
  return `${Math.floor(value / 2 ** 24)}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}
