import { type FirewallChain, type FirewallObject, firstOf, formatIp, type Ip, lastOf, parseIp, parsePrefix } from "@pharos/hoststate";

/** A packet as the simulator sees it. Test support: nothing in production imports this file. */
export interface SimulatedPacket {
  readonly source: Ip;
  readonly destination: Ip;
  readonly protocol: "tcp" | "udp" | "icmp";
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** The payload begins with `RTPS`. */
  readonly rtps: boolean;
  /** A packet in the reply direction of a flow that was accepted. */
  readonly established: boolean;
  /** ICMPv6 type name, for neighbour discovery. */
  readonly icmpType?: string;
  /** Destination that this host has translated to the one above. */
  readonly asked?: { readonly destination: Ip; readonly port: number };
}

/** Where the packet is: the hook, and the devices that it came by and leaves by (absent where the hook has none). */
export interface SimulatedHook {
  readonly hook: "forward" | "input" | "output";
  readonly in?: string;
  readonly out?: string;
}

export interface SimulatedVerdict {
  readonly verdict: "accept" | "drop";
  /** Origin of the rule that decided; undefined when the base chain's policy did. */
  readonly origin?: string;
  /** The packet went through the audit log. */
  readonly logged: boolean;
}

interface Range {
  readonly first: Ip;
  readonly last: Ip;
}

interface RangeVerdict extends Range {
  readonly verdict: string;
}

interface Walk {
  readonly chains: ReadonlyMap<string, FirewallChain>;
  readonly maps: ReadonlyMap<string, readonly RangeVerdict[]>;
  readonly sets: ReadonlyMap<string, readonly string[]>;
  readonly ranges: ReadonlyMap<string, readonly Range[]>;
  readonly packet: SimulatedPacket;
  readonly hook: SimulatedHook;
  logged: boolean;
}

/** A function that walks one host's firewall objects as the kernel would; it throws on a body outside the grammar of `forwardingWith`. */
export function simulator(objects: readonly FirewallObject[]): (packet: SimulatedPacket, hook: SimulatedHook) => SimulatedVerdict {
  const tables = {
    chains: new Map(objects.flatMap((object) => (object.kind === "chain" ? [[object.name, object]] : []))),
    maps: new Map(objects.flatMap((object) => (object.kind === "map" ? [[object.name, object.elements.map(rangeVerdict)]] : []))),
    sets: new Map(objects.flatMap((object) => (object.kind === "set" ? [[object.name, object.elements]] : []))),
    ranges: new Map(
      objects.flatMap((object) => (object.kind === "set" ? [[object.name, object.elements.flatMap((text) => rangeOf(text) ?? [])]] : [])),
    ),
  };
  return (packet, hook) => {
    const walk: Walk = { ...tables, packet, hook, logged: false };
    const base = [...walk.chains.values()].find((chain) => chain.hook?.hook === hook.hook);
    const found = base === undefined ? undefined : walkChain(walk, base.name);
    if (found === undefined || found.verdict === "return") return { verdict: base?.hook?.policy ?? "accept", logged: walk.logged };
    return { verdict: found.verdict, origin: found.origin, logged: walk.logged };
  };
}

interface Found {
  readonly verdict: "accept" | "drop" | "return";
  readonly origin: string;
}

/** The verdict of a chain; undefined when it ends without one. */
function walkChain(walk: Walk, name: string): Found | undefined {
  const chain = walk.chains.get(name);
  if (chain === undefined) throw new Error(`no chain ${name}`);
  for (const rule of chain.rules) {
    const verdict = evaluate(walk, rule.body);
    if (verdict === undefined) continue;
    const [word, target] = verdict.split(" ");
    if (word === "accept" || word === "drop" || word === "return") return { verdict: word, origin: rule.origin };
    const found = walkChain(walk, target ?? "");
    if (found !== undefined && found.verdict !== "return") return found;
    if (word === "goto") return { verdict: "return", origin: rule.origin };
  }
  return undefined;
}

/** The rule's verdict when all its matches hold. */
function evaluate(walk: Walk, body: string): string | undefined {
  let rest = body;
  while (rest !== "") {
    const verdict = /^(?:counter )?(accept|drop|return|(?:goto|jump) [\w.-]+)$/.exec(rest);
    if (verdict !== null) return verdict[1];
    const vmap = /^(ip6?) ([sd]addr) vmap @([\w.-]+)$/.exec(rest);
    if (vmap !== null) return lookup(walk, addressFor(walk, vmap[1], vmap[2]), vmap[3] ?? "");
    if (/^limit rate 10\/second burst 20 packets log prefix "pharos audit: "$/.test(rest)) {
      walk.logged = true;
      return undefined;
    }
    const next = consumeMatch(walk, rest);
    if (next === undefined) return undefined;
    rest = next;
  }
  return undefined;
}

type Matcher = readonly [RegExp, (walk: Walk, groups: readonly (string | undefined)[]) => boolean];

const MATCHERS: readonly Matcher[] = [
  [/^ct state related /, () => false],
  [/^ct state established ct direction reply /, (walk) => walk.packet.established],
  [/^ip(6?) daddr \. meta l4proto \. th dport @([\w.-]+) /, (walk, [, six, set]) => hasTarget(walk, six === "6", set ?? "")],
  [/^ct original (ip6?) daddr @([\w.-]+) /, (walk, [, family, set]) => inSet(walk, askedAddress(walk, family), set ?? "")],
  [/^ct original proto-dst (\d+) /, ({ packet }, [, port]) => String(packet.asked?.port ?? packet.destinationPort) === port],
  [/^meta l4proto (\w+|\{ [^}]+ \}) /, (walk, [, list]) => listed(list).includes(protocolName(walk.packet))],
  [/^(tcp|udp) ([sd])port (\d+|\{ [^}]+ \}) /, (walk, groups) => hasPort(walk.packet, groups)],
  [/^@th,64,32 0x52545053 /, (walk) => walk.packet.rtps],
  [/^iifname (!= )?"([^"]+)" /, (walk, [, not, name]) => (walk.hook.in === name) !== (not !== undefined)],
  [/^oifname (!= )?"([^"]+)" /, (walk, [, not, name]) => (walk.hook.out === name) !== (not !== undefined)],
  [/^(ip6?) ([sd]addr) @([\w.-]+) /, (walk, [, family, side, set]) => inSet(walk, addressFor(walk, family, side), set ?? "")],
  [/^(ip6?) ([sd]addr) (\{ [^}]+ \}) /, (walk, [, family, side, list]) => inList(addressFor(walk, family, side), listed(list))],
  [/^icmpv6 type (\{ [^}]+ \}) /, (walk, [, list]) => isIcmpv6(walk.packet) && listed(list).includes(walk.packet.icmpType ?? "")],
];

/** What follows the match at the start of `body`; undefined when the match does not hold. */
function consumeMatch(walk: Walk, body: string): string | undefined {
  for (const [pattern, holds] of MATCHERS) {
    const match = pattern.exec(body);
    if (match !== null) return holds(walk, [...match]) ? body.slice(match[0].length) : undefined;
  }
  throw new Error(`outside the grammar: ${body}`);
}

function listed(list: string | undefined): readonly string[] {
  return (list ?? "")
    .replaceAll(/[{}]/g, "")
    .split(",")
    .map((item) => item.trim());
}

function hasPort(packet: SimulatedPacket, [, transport, side, list]: readonly (string | undefined)[]): boolean {
  const port = side === "s" ? packet.sourcePort : packet.destinationPort;
  return packet.protocol === transport && listed(list).includes(String(port));
}

function hasTarget(walk: Walk, six: boolean, set: string): boolean {
  const { packet } = walk;
  if (packet.protocol === "icmp" || (packet.destination.family === "ipv6") !== six) return false;
  return elementsOf(walk, set).includes(`${formatIp(packet.destination)} . ${packet.protocol} . ${packet.destinationPort}`);
}

function isIcmpv6(packet: SimulatedPacket): boolean {
  return packet.protocol === "icmp" && packet.source.family === "ipv6";
}

function protocolName(packet: SimulatedPacket): string {
  return isIcmpv6(packet) ? "ipv6-icmp" : packet.protocol;
}

function addressFor(walk: Walk, family: string | undefined, side: string | undefined): Ip | undefined {
  const ip = side === "saddr" ? walk.packet.source : walk.packet.destination;
  return (ip.family === "ipv6") === (family === "ip6") ? ip : undefined;
}

function askedAddress({ packet }: Walk, family: string | undefined): Ip | undefined {
  const ip = packet.asked?.destination ?? packet.destination;
  return (ip.family === "ipv6") === (family === "ip6") ? ip : undefined;
}

function elementsOf(walk: Walk, set: string): readonly string[] {
  const elements = walk.sets.get(set);
  if (elements === undefined) throw new Error(`no set ${set}`);
  return elements;
}

function lookup(walk: Walk, ip: Ip | undefined, name: string): string | undefined {
  const map = walk.maps.get(name);
  if (map === undefined) throw new Error(`no map ${name}`);
  return ip === undefined ? undefined : map.find((element) => inRange(ip, element))?.verdict;
}

function inSet(walk: Walk, ip: Ip | undefined, set: string): boolean {
  const ranges = walk.ranges.get(set);
  if (ranges === undefined) throw new Error(`no set ${set}`);
  return ip !== undefined && ranges.some((range) => inRange(ip, range));
}

function inList(ip: Ip | undefined, elements: readonly string[]): boolean {
  return ip !== undefined && elements.flatMap((element) => rangeOf(element) ?? []).some((range) => inRange(ip, range));
}

function inRange(ip: Ip, { first, last }: Range): boolean {
  return ip.family === first.family && first.value <= ip.value && ip.value <= last.value;
}

function rangeVerdict(element: { readonly key: string; readonly value: string }): RangeVerdict {
  const range = rangeOf(element.key);
  if (range === undefined) throw new Error(`not a range: ${element.key}`);
  return { ...range, verdict: element.value };
}

/** Undefined for an element that is no address, prefix or range. */
function rangeOf(text: string): Range | undefined {
  const prefix = parsePrefix(text);
  if (prefix !== undefined) return { first: firstOf(prefix), last: lastOf(prefix) };
  const [first, last] = text.split("-").map(parseIp);
  return first === undefined ? undefined : { first, last: last ?? first };
}
