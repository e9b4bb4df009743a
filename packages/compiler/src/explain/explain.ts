import type { Checked } from "@pharos/base";
import { formatIp, type Ip } from "@pharos/hoststate";
import { zonesOfAddress } from "../zones/membership.ts";
import { dnsServersBehind } from "./cluster-law.ts";
import { readEnd } from "./end.ts";
import type { Flow, HopRole } from "./flow.ts";
import { isFinding } from "./is-finding.ts";
import { type Judgement, judge } from "./judge.ts";
import { type ExplainInput, type Law, lawOf } from "./law.ts";
import { INSIDE_ONE_BRIDGE, reasonOf } from "./reason.ts";
import { roleOf, translatedSource, type Way, wayBetween } from "./way.ts";

/** A question about a new flow. */
export interface ExplainQuery {
  /** Zone, host, pod (`namespace/name`, or `name` in `default`) or address. */
  readonly from: string;
  readonly to: string;
  readonly protocol: "tcp" | "udp" | "icmp" | "dds" | "grpc" | "rest" | "someip";
  /** Destination port; without it the answer is for a port that no rule names. */
  readonly port?: number;
  readonly sourcePort?: number;
}

/** What one host does with the flow's first packet. */
export interface ExplainedHop extends HopRole {
  /** Address that the packet comes with. */
  readonly source: string;
  readonly verdict: Judgement["verdict"];
  readonly reason: string;
  readonly document?: string;
  readonly path?: string;
}

export interface Explanation {
  /**
   * ACCEPT and DROP: Pharos decides. UNGOVERNED: no host has a say, the flow passes as far as Pharos is concerned.
   * UNREACHABLE: no route leads there.
   */
  readonly verdict: "ACCEPT" | "DROP" | "UNGOVERNED" | "UNREACHABLE";
  /** True when the verdict is DROP but `enforcement: audit` lets the flow pass. */
  readonly audit: boolean;
  /** Addresses that the answer is about; absent when an end has none. */
  readonly source?: string;
  readonly destination?: string;
  readonly hops: readonly ExplainedHop[];
  /** One sentence for people. */
  readonly reason: string;
  /** The rule that decided: `RoutingConfig/NAME`, its path there, and its text on one line. */
  readonly document?: string;
  readonly path?: string;
  readonly rule?: string;
}

/** Answers questions about one set of documents. */
export interface Explainer {
  explain(query: ExplainQuery): Checked<Explanation | undefined>;
}

/** Reads the documents once for many questions. */
export function explainer(input: ExplainInput): Explainer {
  const law = lawOf(input);
  const pods = input.live?.podNetworks ?? [];
  return {
    explain: (query) => {
      const from = readEnd(law, pods, query.from, "from");
      const to = readEnd(law, pods, query.to, "to");
      const findings = [from, to].filter(isFinding);
      if (isFinding(from) || isFinding(to)) return { value: undefined, findings };
      const asked = askedService(law, to.addresses[0], query);
      const way = wayBetween(law, from.addresses, asked?.servers ?? to.addresses);
      if (way === undefined) return { value: unreachable(query, from.addresses.length > 0 && to.addresses.length > 0), findings };
      return { value: explainWay(law, asked === undefined ? way : { ...way, asked }, query), findings };
    },
  };
}

/** The cluster's DNS Service, if that is asked, with the pods that answer instead of its address. */
function askedService(law: Law, destination: Ip | undefined, { port, protocol }: ExplainQuery) {
  if (destination === undefined || port === undefined || protocol === "icmp") return undefined;
  const servers = dnsServersBehind(law, destination, port);
  return servers.length === 0 ? undefined : { destination, port, servers };
}

/**
 * Says what happens to a new flow and why, from the documents alone. The value is undefined, with an ERROR finding at `from` or
 * `to`, when an end is unknown or ambiguous.
 */
export function explain(input: ExplainInput, query: ExplainQuery): Checked<Explanation | undefined> {
  return explainer(input).explain(query);
}

function unreachable(query: ExplainQuery, addressed: boolean): Explanation {
  const reason = addressed ? `no route leads from ${query.from} to ${query.to}` : "one of the ends has no address yet";
  return { verdict: "UNREACHABLE", audit: false, hops: [], reason };
}

const TRANSPORTS = {
  tcp: ["tcp"],
  udp: ["udp"],
  icmp: ["icmp"],
  dds: ["udp"],
  grpc: ["tcp"],
  rest: ["tcp"],
  someip: ["tcp", "udp"],
} as const;

/** The verdict over all transports of the protocol: the strictest one, because the protocol needs them all. */
export function explainWay(law: Law, way: Way, query: Omit<ExplainQuery, "from" | "to">): Explanation {
  const all = TRANSPORTS[query.protocol].map((transport) => {
    const flow: Flow = {
      source: way.source,
      destination: way.destination,
      protocol: transport,
      ...(query.sourcePort === undefined ? {} : { sourcePort: query.sourcePort }),
      ...(query.port === undefined ? {} : { destinationPort: query.port }),
      rtps: query.protocol === "dds",
    };
    return explainFlow(law, way, flow);
  });
  const dropped = all.find((one) => one.verdict === "DROP");
  const first = dropped ?? all[0];
  if (first === undefined) throw new RangeError("every protocol has a transport");
  return first;
}

function explainFlow(law: Law, way: Way, flow: Flow): Explanation {
  const judged: { readonly role: HopRole; readonly source: string; readonly judgement: Judgement }[] = [];
  let source = flow.source;
  for (const hop of way.path.hops) {
    const role = roleOf(law, hop);
    if (role === undefined) continue;
    // Behind the first host the flow is a translated one, and nothing there tells what was asked for.
    const asked = hop === way.path.hops[0] && way.asked !== undefined ? { asked: way.asked } : {};
    const judgement = judge(law, role, { ...flow, source, ...asked });
    judged.push({ role, source: formatIp(source), judgement });
    if (judgement.verdict === "DROP") break;
    source = translatedSource(law, role, source, flow.destination);
  }
  const deciding = decidingHop(judged);
  const verdict = deciding === undefined || deciding.judgement.verdict === "PASS" ? "UNGOVERNED" : deciding.judgement.verdict;
  const rule = deciding?.judgement.rule;
  return {
    verdict,
    audit: verdict === "DROP" && law.vehicle.enforcement === "audit",
    source: formatIp(way.source),
    destination: formatIp(way.destination),
    hops: judged.map(({ role, source: from, judgement }) => ({
      ...role,
      source: from,
      verdict: judgement.verdict,
      ...becauseOf(law, role, judgement),
    })),
    reason: deciding === undefined && insideOneBridge(law, way) ? INSIDE_ONE_BRIDGE : reasonOf(law, deciding),
    ...(rule === undefined ? {} : { document: rule.origin.document, path: rule.origin.path, rule: rule.text }),
  };
}

type Judged = { readonly role: HopRole; readonly judgement: Judgement };

/** The hop that the verdict is about: the one that drops, else the first that accepts by a rule, else by anything else. */
function decidingHop<J extends Judged>(judged: readonly J[]): J | undefined {
  return (
    judged.find(({ judgement }) => judgement.verdict === "DROP") ??
    judged.find(({ judgement }) => judgement.rule !== undefined) ??
    judged.find(({ judgement }) => judgement.verdict === "ACCEPT") ??
    judged.find(({ role }) => role.role === "forward") ??
    judged[0]
  );
}

function insideOneBridge(law: Law, way: Way): boolean {
  const destination = zonesOfAddress(law.zones, way.destination);
  return zonesOfAddress(law.zones, way.source).some((zone) => zone.kind === "bridge" && destination.includes(zone));
}

function becauseOf(law: Law, role: HopRole, judgement: Judgement): Pick<ExplainedHop, "reason" | "document" | "path"> {
  const origin = judgement.rule?.origin;
  return { reason: reasonOf(law, { role, judgement }), ...(origin === undefined ? {} : { document: origin.document, path: origin.path }) };
}
