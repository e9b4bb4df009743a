import type { DocumentSet } from "../src/documents.ts";
import { forwardingWith } from "../src/features/forwarding/feature.ts";
import type { Vehicle } from "../src/vehicle/model.ts";
import { type SimulatedHook, type SimulatedPacket, type SimulatedVerdict, simulator } from "./firewall-simulator.ts";
import { OWN_PORTS } from "./random-vehicles.ts";

export type SimulatedHost = (packet: SimulatedPacket, hook: SimulatedHook) => SimulatedVerdict;

/** The compiled firewall of each host that has an agent, ready to take packets. */
export function compiledHosts(vehicle: Vehicle, documents: DocumentSet, everyPair: boolean): ReadonlyMap<string, SimulatedHost> {
  const feature = forwardingWith({ ownPorts: OWN_PORTS, everyPair });
  const live = { podNetworks: [], serviceRegistrations: [] };
  const facts = { bridgeNetfilter: true, nftables: true, ipv6: true, interfaces: [] };
  const compile = (host: Vehicle["hosts"][number]): SimulatedHost =>
    simulator(feature({ vehicle, host, documents, live, facts }).contribution.firewall ?? []);
  return new Map(vehicle.hosts.filter((host) => host.managed).map((host) => [host.name, compile(host)]));
}
