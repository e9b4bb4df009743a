import { containsPrefix, formatPrefix, networkOf, type Prefix, parsePrefix } from "@pharos/hoststate";
import type { Host, HostInterface, PlacedBridge, Segment } from "./model.ts";
import { compareText } from "./names.ts";
import { type BridgeEntry, hostsOfBridge } from "./place-bridges.ts";

/** Interfaces that declare no segment are on the wire of their subnet; without an address they are alone on one of their own name. */
export function withSubnetSegments(hosts: readonly Host[]): readonly Host[] {
  return mapInterfaces(hosts, (intf) => (intf.segment === "" ? subnetSegment(intf) : intf.segment));
}

function subnetSegment(intf: HostInterface): string {
  return intf.address === undefined ? intf.qualifiedName : formatPrefix(networkOf(intf.address));
}

/**
 * A VM's interface that declares no segment and has an address in the subnet of a vm bridge of its SoC is on that bridge:
 * the specification's own documents describe VMs in this way. `hosts` as they are before `withSubnetSegments`.
 */
export function withBridgeSegments(hosts: readonly Host[], entries: readonly BridgeEntry[]): readonly Host[] {
  const bridges = entries
    .filter(({ declared }) => declared.bridgeFor === "vm")
    .map(({ declared }) => ({
      name: declared.name,
      hosts: new Set(hostsOfBridge(declared, hosts, [])),
      subnets: (declared.ipam?.ranges ?? []).flatMap((range) => parsePrefix(range.subnet) ?? []),
    }));
  const parents = new Map(hosts.map((host) => [host.name, host.parent]));
  return mapInterfaces(hosts, (intf) => {
    const parent = parents.get(intf.host);
    const { address } = intf;
    if (intf.segment !== "" || parent === undefined || address === undefined) return intf.segment;
    const found = bridges.find(({ hosts: on, subnets }) => on.has(parent) && subnets.some((subnet) => containsPrefix(subnet, address)));
    return found?.name ?? intf.segment;
  });
}

function mapInterfaces(hosts: readonly Host[], segmentOf: (intf: HostInterface) => string): readonly Host[] {
  return hosts.map((host) => ({ ...host, interfaces: host.interfaces.map((intf) => ({ ...intf, segment: segmentOf(intf) })) }));
}

/** The wires of the vehicle, sorted by name. */
export function segmentsOf(machines: readonly Host[], bridges: readonly PlacedBridge[]): readonly Segment[] {
  const members = Map.groupBy(
    machines.flatMap((host) => host.interfaces),
    (intf) => intf.segment,
  );
  const bridgeNamed = new Map(bridges.map((bridge) => [bridge.name, bridge]));
  return [...members]
    .map(([name, interfaces]): Segment => {
      const bridge = bridgeNamed.get(name);
      const own = interfaces.flatMap((intf) => (intf.address === undefined ? [] : [networkOf(intf.address)]));
      const declared = bridge?.ranges.map((range) => range.subnet) ?? [];
      return {
        name,
        subnets: distinct([...declared, ...own]),
        members: interfaces
          .map((intf) => ({ host: intf.host, interface: intf.name }))
          .sort((a, b) => compareText(a.host, b.host) || compareText(a.interface, b.interface)),
        ...(bridge === undefined ? {} : { bridge: name }),
      };
    })
    .sort((a, b) => compareText(a.name, b.name));
}

function distinct(prefixes: readonly Prefix[]): readonly Prefix[] {
  const byText = new Map(prefixes.map((prefix) => [formatPrefix(prefix), prefix]));
  return [...byText].sort(([a], [b]) => compareText(a, b)).map(([, prefix]) => prefix);
}
