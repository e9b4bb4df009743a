import type { ClusterFacts } from "../src/cluster/cluster-facts.ts";
import type { DocumentSet, Live } from "../src/documents.ts";
import { forwardingWith } from "../src/features/forwarding/feature.ts";
import type { Vehicle } from "../src/vehicle/model.ts";
import { type SimulatedHook, type SimulatedPacket, type SimulatedVerdict, simulator } from "./firewall-simulator.ts";
import { OWN_PORTS } from "./random-vehicles.ts";

export type SimulatedHost = (packet: SimulatedPacket, hook: SimulatedHook) => SimulatedVerdict;

export interface CompiledWith {
  readonly everyPair: boolean;
  readonly cluster?: ClusterFacts | undefined;
}

export function liveWith(cluster: ClusterFacts | undefined): Live {
  return { podNetworks: [], serviceRegistrations: [], ...(cluster === undefined ? {} : { cluster }) };
}

/** The compiled firewall of each host that has an agent, ready to take packets. */
export function compiledHosts(
  vehicle: Vehicle,
  documents: DocumentSet,
  { everyPair, cluster }: CompiledWith,
): ReadonlyMap<string, SimulatedHost> {
  const feature = forwardingWith({ ownPorts: OWN_PORTS, everyPair });
  const live = liveWith(cluster);
  const facts = { bridgeNetfilter: true, nftables: true, ipv6: true, interfaces: [] };
  const compile = (host: Vehicle["hosts"][number]): SimulatedHost =>
    simulator(feature({ vehicle, host, documents, live, facts }).contribution.firewall ?? []);
  return new Map(vehicle.hosts.filter((host) => host.managed).map((host) => [host.name, compile(host)]));
}
