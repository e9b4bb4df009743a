import { containsIp, type Ip, sameIp } from "@pharos/hoststate";
import type { ForwardRule, Match } from "../features/forwarding/rule.ts";
import type { Host, PlacedBridge } from "../vehicle/model.ts";
import { isManaged, zonesOfAddress } from "../zones/membership.ts";
import { worldSides } from "../zones/world-exits.ts";
import type { BridgeZone, Zone } from "../zones/zone.ts";
import { type ClusterService, clusterServiceOf } from "./cluster-law.ts";
import type { Flow, HopRole } from "./flow.ts";
import type { Law } from "./law.ts";

/** Why a host lets a flow pass or drops it. */
export type Judgement =
  | { readonly verdict: "ACCEPT" | "DROP"; readonly because: "rule" | "masquerade"; readonly rule: ForwardRule }
  | { readonly verdict: "DROP"; readonly because: "default deny" | "spoofed source"; readonly rule?: undefined }
  | { readonly verdict: "ACCEPT"; readonly because: "failsafe"; readonly kept?: ClusterService; readonly rule?: undefined }
  | { readonly verdict: "ACCEPT"; readonly because: "default accept"; readonly rule?: undefined }
  /** The host has no say: nothing names the pair, and the default does not reach it. */
  | { readonly verdict: "PASS"; readonly because: "not governed" | "inside one bridge"; readonly rule?: undefined };

const INSIDE_ONE_BRIDGE: Judgement = { verdict: "PASS", because: "inside one bridge" };
const DEFAULT_ACCEPT: Judgement = { verdict: "ACCEPT", because: "default accept" };
const NOT_GOVERNED: Judgement = { verdict: "PASS", because: "not governed" };
const DEFAULT_DENY: Judgement = { verdict: "DROP", because: "default deny" };

/** The verdict of one host about a flow's first packet, by reading the documents' meaning one address and one rule at a time. */
export function judge(law: Law, hop: HopRole, flow: Flow): Judgement {
  if (isFailsafe(law, hop, flow)) return { verdict: "ACCEPT", because: "failsafe" };
  const kept = clusterServiceOf(law, flow);
  if (kept !== undefined) return { verdict: "ACCEPT", because: "failsafe", kept };
  return hop.role === "forward" ? judgeForward(law, hop, flow) : judgeOwn(law, hop, flow);
}

function judgeForward(law: Law, hop: HopRole, flow: Flow): Judgement {
  const wire = judgeWire(law, hop, flow);
  if (wire !== undefined) return wire;
  const source = zonesAt(law, hop.host, flow.source, hop.in);
  const destination = zonesAt(law, hop.host, flow.destination, hop.out);
  const byDefault = isManaged(source) || isManaged(destination) ? defaultOf(law) : NOT_GOVERNED;
  if (owns(source, hop.host) || owns(destination, hop.host)) return byDefault;
  if (source.some((zone) => zone.kind === "bridge" && destination.includes(zone))) return INSIDE_ONE_BRIDGE;
  return translated(law, { hop, flow, source, destination }) ?? firstMatch(law, source, destination, flow) ?? byDefault;
}

/** A host's own traffic is filtered only for pairs that a document names. */
function judgeOwn(law: Law, hop: HopRole, flow: Flow): Judgement {
  const source = zonesAt(law, hop.host, flow.source, hop.in);
  const destination = zonesAt(law, hop.host, flow.destination, hop.out);
  const [own, other] = hop.role === "output" ? [source, destination] : [destination, source];
  if (!owns(own, hop.host) || owns(other, hop.host)) return NOT_GOVERNED;
  const named = law.rules.pairs.some((pair) => source.includes(pair.source) && destination.includes(pair.destination));
  if (!named) return NOT_GOVERNED;
  const covered = hop.role === "input" ? translated(law, { hop, flow, source, destination }) : undefined;
  return covered ?? firstMatch(law, source, destination, flow) ?? defaultOf(law);
}

function defaultOf(law: Law): Judgement {
  return law.vehicle.defaultAction === "DROP" ? DEFAULT_DENY : DEFAULT_ACCEPT;
}

/** Sources on this host's bridges: spoofed when they come in elsewhere; inside one bridge when the bridge itself carries them. */
function judgeWire(law: Law, hop: HopRole, flow: Flow): Judgement | undefined {
  for (const bridge of law.vehicle.bridges) {
    if (!isInBlock(bridge, hop.host, flow.source)) continue;
    if (bridge.bridgeFor === "pod" && hop.in !== bridge.name) return { verdict: "DROP", because: "spoofed source" };
    const carried = hop.in === bridge.name && hop.out === bridge.name;
    if (carried && (isInBlock(bridge, hop.host, flow.destination) || isGroup(flow.destination))) {
      return INSIDE_ONE_BRIDGE;
    }
  }
  return undefined;
}

/** An ACCEPT for a masqueraded source covers, behind the host that translates it, the address that it gets there. */
function translated(
  law: Law,
  at: { readonly hop: HopRole; readonly flow: Flow; readonly source: readonly Zone[]; readonly destination: readonly Zone[] },
): Judgement | undefined {
  const carrier = at.source.find((zone) => zone.kind === "host" && zone.managed);
  if (carrier === undefined || carrier.name === at.hop.host) return undefined;
  for (const behind of sourcesBehind(law, carrier.name, at.flow.destination, [])) {
    const found = firstMatch(law, behind, at.destination, at.flow);
    if (found?.verdict === "ACCEPT" && found.rule !== undefined) return { verdict: "ACCEPT", because: "masquerade", rule: found.rule };
  }
  return undefined;
}

/** The zones of each source that `host` gives an address of its own on the way to `to`, and of those behind such a source. */
function sourcesBehind(law: Law, host: string, to: Ip, visited: readonly string[]): readonly (readonly Zone[])[] {
  const bridges = law.zones.filter((zone) => zone.kind === "bridge" && translates(zone, host, to));
  return bridges.flatMap((bridge) => {
    const machines = law.zones.filter((zone) => zone.kind === "host" && zone.name !== host && !visited.includes(zone.name));
    const hosts = machines.flatMap((zone) =>
      zone.kind === "host"
        ? zone.addresses.filter((ip) => bridge.kind === "bridge" && isInside(bridge, ip)).map((ip) => ({ zone, ip }))
        : [],
    );
    const further = hosts.flatMap(({ zone }) => (zone.managed ? sourcesBehind(law, zone.name, to, [...visited, host]) : []));
    return [[bridge], ...hosts.map(({ ip }) => zonesOfAddress(law.zones, ip)), ...further];
  });
}

/** True when `host` masquerades what comes from `bridge` and goes to `to`. */
function translates(bridge: BridgeZone, host: string, to: Ip): boolean {
  return bridge.ipMasq && bridge.hosts.includes(host) && !isInside(bridge, to);
}

function isInside(bridge: BridgeZone, ip: Ip): boolean {
  return bridge.prefixes.some((prefix) => containsIp(prefix, ip));
}

function firstMatch(law: Law, source: readonly Zone[], destination: readonly Zone[], flow: Flow): Judgement | undefined {
  const rule = law.rules.rules.find(
    (candidate) =>
      source.includes(candidate.source) &&
      destination.includes(candidate.destination) &&
      candidate.matches.some((match) => admits(match, flow)),
  );
  return rule === undefined ? undefined : { verdict: rule.action, because: "rule", rule };
}

function admits(match: Match, flow: Flow): boolean {
  if (match.kind === "all") return true;
  if (match.kind === "icmp") return flow.protocol === "icmp";
  const hasPort = (ports: readonly number[], port: number | undefined): boolean =>
    ports.length === 0 || (port !== undefined && ports.includes(port));
  return (
    match.transport === flow.protocol &&
    hasPort(match.sourcePorts, flow.sourcePort) &&
    hasPort(match.destinationPorts, flow.destinationPort) &&
    (!match.rtps || flow.rtps)
  );
}

const DHCP_PORTS: ReadonlySet<number> = new Set([67, 68, 546, 547]);
const PTP_PORTS: ReadonlySet<number> = new Set([319, 320]);

function isFailsafe(law: Law, hop: HopRole, flow: Flow): boolean {
  const { protocol, destinationPort: port } = flow;
  if (port === undefined || protocol === "icmp") return false;
  if (hop.role !== "forward" && protocol === "udp" && DHCP_PORTS.has(port)) return true;
  const target = law.zones.find((zone) => zone.kind === "host" && !zone.cloud && zone.addresses.some((ip) => sameIp(ip, flow.destination)));
  if (target?.kind !== "host") return false;
  const declared = law.vehicle.failsafe.some((entry) => entry.host === target.name && entry.protocol === protocol && entry.port === port);
  const own =
    law.ownPorts.some((entry) => entry.protocol === protocol && entry.port === port) || (protocol === "udp" && PTP_PORTS.has(port));
  if (!declared && !(target.managed && own)) return false;
  const sender = law.zones.some((zone) => zone.kind === "host" && zone.managed && zone.addresses.some((ip) => sameIp(ip, flow.source)));
  return hop.role !== "forward" || sender;
}

/** The zones of an address as `host` sees it; world addresses lie beyond the uplink that `device` belongs to. */
function zonesAt(law: Law, host: string, ip: Ip, device: string | undefined): readonly Zone[] {
  const zones = zonesOfAddress(law.zones, ip);
  if (!zones.some((zone) => zone.kind === "world")) return zones;
  const machine: Host | undefined = law.vehicle.hosts.find((candidate) => candidate.name === host);
  if (machine === undefined) return zones;
  const sides = worldSides(law.vehicle, machine, law.zones);
  const side = sides.find((candidate) => candidate.device !== undefined && candidate.device === device) ?? sides.at(-1);
  return side?.zones ?? zones;
}

function owns(zones: readonly Zone[], host: string): boolean {
  return zones.some((zone) => zone.kind === "host" && zone.name === host);
}

function isInBlock(bridge: PlacedBridge, host: string, ip: Ip): boolean {
  return bridge.ranges.some((range) => range.blocks.some((block) => block.host === host && containsIp(block.block, ip)));
}

/** Multicast, or the limited broadcast of IPv4. */
function isGroup(ip: Ip): boolean {
  return ip.family === "ipv4" ? ip.value >> 28n === 0xen || ip.value === 0xffffffffn : ip.value >> 120n === 0xffn;
}
