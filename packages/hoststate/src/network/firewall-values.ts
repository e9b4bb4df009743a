import { bitsOf, type Family, firstOf, formatIp, lastOf, parseIp, parsePrefix } from "../prefix.ts";

/** Data types of keys, elements and right-hand sides, by nft's names where nft has one. */
export type ValueType = keyof typeof SCALARS | keyof typeof INTERVALS;

/** All numbers from `low` to `high`. */
interface Interval {
  readonly low: bigint;
  readonly high: bigint;
}

interface IntervalType {
  /** Undefined when `text` is no single value. */
  parse(text: string): bigint | undefined;
  format(value: bigint): string;
  readonly bits: number;
  /** An aligned range is written `value/length`, as nft does. */
  readonly prefixes: boolean;
}

const addresses = (family: Family): IntervalType => ({
  parse: (text) => {
    const ip = parseIp(text);
    return ip?.family === family ? ip.value : undefined;
  },
  format: (value) => formatIp({ family, value }),
  bits: bitsOf(family),
  prefixes: true,
});

const decimal = (bits: number): IntervalType => ({
  parse: (text) => (/^\d{1,10}$/.test(text) && BigInt(text) < 1n << BigInt(bits) ? BigInt(text) : undefined),
  format: String,
  bits,
  prefixes: false,
});

const INTERVALS = {
  ipv4_addr: addresses("ipv4"),
  ipv6_addr: addresses("ipv6"),
  inet_service: decimal(16),
  integer: decimal(32),
} as const satisfies Record<string, IntervalType>;

const words = (list: string): ReadonlyMap<string, string> => new Map(list.split(" ").map((word) => [word, word]));

/** Names and numbers to what we write. nft resolves other names through /etc/protocols, which a small image does not have. */
const PROTOCOLS = numbered("icmp=1 igmp=2 tcp=6 udp=17 gre=47 esp=50 ah=51 ipv6-icmp=58 sctp=132", (name) =>
  ["tcp", "udp", "icmp"].includes(name),
).set("icmpv6", "58");
const ICMP_TYPES = numbered(
  "echo-reply=0 destination-unreachable=3 source-quench=4 redirect=5 echo-request=8 router-advertisement=9 router-solicitation=10 time-exceeded=11 parameter-problem=12",
);
const ICMPV6_TYPES = numbered(
  "destination-unreachable=1 packet-too-big=2 time-exceeded=3 parameter-problem=4 echo-request=128 echo-reply=129 mld-listener-query=130 mld-listener-report=131 mld-listener-done=132 nd-router-solicit=133 nd-router-advert=134 nd-neighbor-solicit=135 nd-neighbor-advert=136 nd-redirect=137 router-renumbering=138 mld2-listener-report=143",
).set("mld-listener-reduction", "mld-listener-done");

function numbered(list: string, named: (name: string) => boolean = () => true): Map<string, string> {
  const pairs = list.split(" ").map((entry) => entry.split("="));
  return new Map(
    pairs.flatMap(([name = "", number = ""]) => [name, number].map((text): [string, string] => [text, named(name) ? name : number])),
  );
}

const fromTable = (table: ReadonlyMap<string, string>) => (text: string) => table.get(text);
const byteOrTable = (table: ReadonlyMap<string, string>) => (text: string) =>
  table.get(text) ?? (/^\d{1,3}$/.test(text) && Number(text) < 256 ? String(Number(text)) : undefined);

function ifname(text: string): string | undefined {
  const match = /^"?([A-Za-z0-9_.:@-]{1,15}\*?)"?$/.exec(text);
  return match?.[1] === undefined || match[1].length > 16 ? undefined : `"${match[1]}"`;
}

function number32(text: string): string | undefined {
  const value = /^(0x[0-9a-fA-F]{1,8}|\d{1,10})$/.test(text) ? Number(text) : Number.NaN;
  return value <= 0xffffffff ? `0x${value.toString(16)}` : undefined;
}

/** Types without an order that counts. Each gives the canonical text, or undefined when `text` is no value of the type. */
const SCALARS = {
  inet_proto: byteOrTable(PROTOCOLS),
  icmp_type: byteOrTable(ICMP_TYPES),
  icmpv6_type: byteOrTable(ICMPV6_TYPES),
  ifname,
  mark: number32,
  ether_addr: (text: string) => (/^([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$/.test(text) ? text.toLowerCase() : undefined),
  ct_state: fromTable(words("invalid established related new untracked")),
  ct_status: fromTable(words("expected seen-reply assured confirmed snat dnat dying")),
  ct_dir: fromTable(words("original reply")),
  fib_addrtype: fromTable(words("unspec unicast local broadcast anycast multicast blackhole unreachable prohibit throw nat")),
  fib_result: fromTable(words("exists missing")),
  pkt_type: fromTable(new Map([...words("unicast host broadcast multicast other"), ["unicast", "host"]])),
  nfproto: fromTable(words("ipv4 ipv6")),
  /** Bits of a payload, at most 32: JSON numbers are exact there. */
  raw: number32,
  tcp_flag: fromTable(words("fin syn rst psh ack urg ecn cwr")),
} as const satisfies Record<string, (text: string) => string | undefined>;

/** The type of that name if elements of sets and maps may have it. */
export function elementType(name: string): ValueType | undefined {
  const known: readonly ValueType[] = ["ipv4_addr", "ipv6_addr", "inet_service", "inet_proto", "ifname", "mark", "ether_addr"];
  return known.find((type) => type === name);
}

/** Canonical text of one value, range or prefix; undefined when `text` is none of the type. */
export function canonicalValue(type: ValueType, text: string): string | undefined {
  if (!isIntervalType(type)) return SCALARS[type](text);
  const interval = intervalOf(INTERVALS[type], text);
  return interval === undefined ? undefined : intervalText(INTERVALS[type], interval);
}

/** The values of one type as a sorted list without repetition, overlapping and adjacent ranges joined; undefined when one is none of the type. */
export function joinedValues(type: ValueType, texts: readonly string[]): readonly string[] | undefined {
  if (!isIntervalType(type)) return distinct(texts.map((text) => canonicalValue(type, text)));
  const intervals = texts.map((text) => intervalOf(INTERVALS[type], text));
  if (!intervals.every((interval) => interval !== undefined)) return undefined;
  const joined: { low: bigint; high: bigint }[] = [];
  for (const { low, high } of intervals.sort((a, b) => (a.low < b.low ? -1 : a.low > b.low ? 1 : 0))) {
    const last = joined.at(-1);
    if (last === undefined || low > last.high + 1n) joined.push({ low, high });
    else if (high > last.high) last.high = high;
  }
  return joined.map((interval) => intervalText(INTERVALS[type], interval));
}

/** Sorted, each once; undefined when one is undefined. */
export function distinct(texts: readonly (string | undefined)[]): readonly string[] | undefined {
  return texts.every((text) => text !== undefined) ? [...new Set(texts)].sort() : undefined;
}

function isIntervalType(type: ValueType): type is keyof typeof INTERVALS {
  return type in INTERVALS;
}

function intervalOf(type: IntervalType, text: string): Interval | undefined {
  if (text.includes("/")) return prefixInterval(type, text);
  const dash = text.indexOf("-");
  const low = type.parse(dash < 0 ? text : text.slice(0, dash));
  const high = dash < 0 ? low : type.parse(text.slice(dash + 1));
  return low === undefined || high === undefined || low > high ? undefined : { low, high };
}

function prefixInterval(type: IntervalType, text: string): Interval | undefined {
  const [base = "", length = ""] = text.split("/");
  if (type.prefixes) {
    const prefix = parsePrefix(text);
    return prefix === undefined || bitsOf(prefix.ip.family) !== type.bits
      ? undefined
      : { low: firstOf(prefix).value, high: lastOf(prefix).value };
  }
  const value = type.parse(base);
  if (value === undefined || !/^\d{1,2}$/.test(length) || Number(length) > type.bits) return undefined;
  const rest = BigInt(type.bits - Number(length));
  const low = (value >> rest) << rest;
  return { low, high: low + (1n << rest) - 1n };
}

function intervalText(type: IntervalType, { low, high }: Interval): string {
  if (low === high) return type.format(low);
  const size = high - low + 1n;
  const aligned = (size & (size - 1n)) === 0n && low % size === 0n;
  if (!aligned || !type.prefixes) return `${type.format(low)}-${type.format(high)}`;
  return `${type.format(low)}/${type.bits - (size.toString(2).length - 1)}`;
}
