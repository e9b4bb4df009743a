import type { Ip, Prefix } from "@pharos/hoststate";
import { compareIp, networkOf } from "@pharos/hoststate";
import type { Host, HostInterface, Vehicle } from "../vehicle/model.ts";

/** A bridge's prefixes on all hosts, without the addresses that belong to a host. */
export interface BridgeZone {
  readonly kind: "bridge";
  readonly id: string;
  readonly name: string;
  readonly prefixes: readonly Prefix[];
  /** True for a bridge of pods. */
  readonly forPods: boolean;
  /** Sources in the prefixes are translated on the managed hosts that carry the bridge, for destinations outside of them. */
  readonly ipMasq: boolean;
  readonly hosts: readonly string[];
}

/** All addresses of a SoC, VM or cloud VM, also those on its bridges. */
export interface HostZone {
  readonly kind: "host";
  readonly id: string;
  readonly name: string;
  readonly addresses: readonly Ip[];
  /** True when an agent runs there; cloud VMs, ECUs and foreign systems are not managed. */
  readonly managed: boolean;
  readonly cloud: boolean;
}

/** An interface's own addresses; an uplink also holds what lies beyond it in no other zone. */
export interface InterfaceZone {
  readonly kind: "interface";
  readonly id: string;
  /** Qualified: `vm1Eth0`. */
  readonly name: string;
  readonly host: string;
  /** Kernel name: `eth0`. */
  readonly interface: string;
  readonly addresses: readonly Ip[];
  readonly uplink: boolean;
}

/** Every address that no bridge, host or cloud VM has. */
export interface WorldZone {
  readonly kind: "world";
  readonly id: "world";
  readonly name: "world";
}

/** What an end of a rule may name. `id` is unique in a vehicle, `name` need not be. */
export type Zone = BridgeZone | HostZone | InterfaceZone | WorldZone;

export const WORLD: WorldZone = { kind: "world", id: "world", name: "world" };

/** All zones of `vehicle`, in the order bridges, hosts with their interfaces, cloud VMs, world. */
export function zonesOfVehicle(vehicle: Vehicle): readonly Zone[] {
  const hosts = [...vehicle.hosts, ...vehicle.cloud];
  return [
    ...vehicle.bridges.map(bridgeZone),
    ...hosts.flatMap((host): Zone[] => [hostZone(vehicle, host), ...host.interfaces.map(interfaceZone)]),
    WORLD,
  ];
}

function bridgeZone(bridge: Vehicle["bridges"][number]): BridgeZone {
  return {
    kind: "bridge",
    id: `bridge:${bridge.name}`,
    name: bridge.name,
    prefixes: bridge.ranges.map((range) => networkOf(range.subnet)),
    forPods: bridge.bridgeFor === "pod",
    ipMasq: bridge.ipMasq,
    hosts: bridge.hosts,
  };
}

function hostZone(vehicle: Vehicle, host: Host): HostZone {
  return {
    kind: "host",
    id: `host:${host.name}`,
    name: host.name,
    addresses: addressesOfHost(vehicle, host),
    managed: host.managed && host.kind !== "cloud",
    cloud: host.kind === "cloud",
  };
}

function interfaceZone(intf: HostInterface): InterfaceZone {
  return {
    kind: "interface",
    id: `interface:${intf.qualifiedName}`,
    name: intf.qualifiedName,
    host: intf.host,
    interface: intf.name,
    addresses: intf.address === undefined ? [] : [intf.address.ip],
    uplink: intf.uplink,
  };
}

/** A host's addresses: those of its interfaces, and its gateway address on each bridge that is one; sorted, each once. */
function addressesOfHost(vehicle: Vehicle, host: Host): readonly Ip[] {
  const own = host.interfaces.flatMap((intf) => (intf.address === undefined ? [] : [intf.address.ip]));
  const gateways = vehicle.bridges
    .filter((bridge) => bridge.isGateway)
    .flatMap((bridge) => bridge.ranges.flatMap((range) => range.blocks))
    .filter((block) => block.host === host.name)
    .map((block) => block.gateway);
  const sorted = [...own, ...gateways].sort(compareIp);
  return sorted.filter((ip, index) => index === 0 || compareIp(ip, sorted[index - 1] ?? ip) !== 0);
}
