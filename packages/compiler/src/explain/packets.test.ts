import { describe, expect, test } from "@jest/globals";
import { containsIp, formatIp, type Ip, parsePrefix } from "@pharos/hoststate";
import fc from "fast-check";
import { compiledHosts, liveWith, type SimulatedHost } from "../../testing/compiled-hosts.ts";
import { OWN_PORTS, type RandomTraffic, randomTraffic } from "../../testing/random-vehicles.ts";
import { ip, type TestVehicle, testVehicle } from "../../testing/test-vehicle.ts";
import type { ClusterFacts } from "../cluster/cluster-facts.ts";
import type { DocumentSet } from "../documents.ts";
import { masquerade } from "../features/masquerade.ts";
import { type Hop, pathBetween } from "../topology/path.ts";
import { type Topology, topologyOf } from "../topology/topology.ts";
import type { Vehicle } from "../vehicle/model.ts";
import { explainer } from "./explain.ts";
import type { Flow } from "./flow.ts";

/** Cases of the property; N=50 makes it 50 times as many. */
const RUNS = 100 * Number(process.env.N ?? 1);

interface Network {
  readonly vehicle: Vehicle;
  readonly cluster: ClusterFacts | undefined;
  readonly topology: Topology;
  readonly hosts: ReadonlyMap<string, SimulatedHost>;
  /** Source and excluded destination of each masquerade rule, by host. */
  readonly masquerades: ReadonlyMap<string, readonly RegExpExecArray[]>;
}

/** What becomes of a packet that goes its way through the compiled firewalls. */
function send(network: Network, sent: Flow): "no way" | "arrives" | "dropped" {
  const { topology, hosts, masquerades } = network;
  const { asked, ...flow } = translated(network, sent);
  const path = pathBetween(topology, flow.source, flow.destination);
  if (path === undefined) return "no way";
  let source = flow.source;
  for (const hop of path.hops) {
    const ports = { sourcePort: flow.sourcePort ?? 0, destinationPort: flow.destinationPort ?? 0 };
    const original = hop === path.hops[0] && asked !== undefined ? { asked } : {};
    const packet = { ...flow, ...original, source, ...ports, established: false };
    const hook = hop.in === undefined ? "output" : hop.out === undefined ? "input" : "forward";
    const found = hosts.get(hop.host)?.(packet, { hook, ...devicesOf(hop) });
    if (found?.verdict === "drop" || found?.logged === true) return "dropped";
    const translates = (masquerades.get(hop.host) ?? []).some((rule) => inside(rule[1], source) && !inside(rule[2], flow.destination));
    if (hook === "forward" && translates) source = leavingAddress(topology, hop, source);
  }
  return "arrives";
}

/** What kube-proxy on the sender's host makes of a question to the cluster's DNS Service. */
function translated({ cluster }: Network, flow: Flow): Flow {
  const port = flow.destinationPort;
  if (port !== 53 || flow.protocol === "icmp" || cluster?.dns.includes(formatIp(flow.destination)) !== true) return flow;
  const server = cluster.dnsEndpoints.map(ip).find(({ family }) => family === flow.source.family);
  return server === undefined ? flow : { ...flow, destination: server, asked: { destination: flow.destination, port } };
}

function devicesOf({ in: incoming, out }: Hop): { readonly in?: string; readonly out?: string } {
  return { ...(incoming === undefined ? {} : { in: incoming }), ...(out === undefined ? {} : { out }) };
}

function inside(text: string | undefined, ip: Ip): boolean {
  const prefix = parsePrefix(text ?? "");
  return prefix !== undefined && containsIp(prefix, ip);
}

function leavingAddress(topology: Topology, hop: Hop, source: Ip): Ip {
  return topology.attachments.find((at) => at.host === hop.host && at.link === hop.out && at.ip.family === source.family)?.ip ?? source;
}

function networkOf(of: TestVehicle, documents: DocumentSet, cluster: ClusterFacts | undefined): Network {
  const vehicle = testVehicle(of);
  const live = { podNetworks: [], serviceRegistrations: [] };
  const facts = { bridgeNetfilter: true, nftables: true, ipv6: true, interfaces: [] };
  const rulesOf = (host: Vehicle["hosts"][number]) => {
    const objects = masquerade({ vehicle, host, documents, live, facts }).contribution.firewall ?? [];
    const bodies = objects.flatMap((object) => (object.kind === "chain" ? object.rules.map((rule) => rule.body) : []));
    return bodies.flatMap((body) => [/^ip6? saddr (\S+) ip6? daddr != (\S+) .*masquerade$/.exec(body)].filter((match) => match !== null));
  };
  return {
    vehicle,
    cluster,
    topology: topologyOf(vehicle),
    hosts: compiledHosts(vehicle, documents, { everyPair: false, cluster }),
    masquerades: new Map(vehicle.hosts.map((host) => [host.name, host.managed ? rulesOf(host) : []])),
  };
}

const FATES = { ACCEPT: "arrives", UNGOVERNED: "arrives", DROP: "dropped", UNREACHABLE: "no way" } as const;

function disagreements({ of, documents, flows, cluster }: RandomTraffic): readonly string[] {
  const network = networkOf(of, documents, cluster);
  const asked = explainer({ vehicle: network.vehicle, documents, ownPorts: OWN_PORTS, live: liveWith(cluster) });
  return flows.flatMap((flow) => {
    const [from, to] = [formatIp(flow.source), formatIp(flow.destination)];
    const { protocol, sourcePort, destinationPort: port, rtps } = flow;
    if (sourcePort === undefined || port === undefined || (rtps && protocol === "tcp")) return [];
    const named = protocol === "udp" && rtps ? "dds" : protocol;
    const { value } = asked.explain({ from, to, protocol: named, port, sourcePort });
    const fate = send(network, flow);
    if (value !== undefined && FATES[value.verdict] === fate) return [];
    return [
      JSON.stringify({ info: documents.routingConfigs.map((one) => one.spec.routingInfo), from, to, named, port, sourcePort, value, fate }),
    ];
  });
}

describe("explain", () => {
  test("tells the fate of any packet on its way through the compiled firewalls of all hosts, under random rules", () => {
    const property = fc.property(randomTraffic({ minLength: 50, maxLength: 60 }), (traffic) => {
      expect(disagreements(traffic)).toEqual([]);
    });
    fc.assert(property, { numRuns: RUNS });
  });
});
