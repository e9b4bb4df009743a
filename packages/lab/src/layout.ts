import type { Host, Vehicle } from "@pharos/compiler";
import { formatIp, formatPrefix } from "@pharos/hoststate";

/** One end of a wire: an interface in a namespace, perhaps as a port of a plain switch there. */
export interface WireEnd {
  readonly namespace: string;
  readonly name: string;
  /** The switch (a plain bridge of the lab) that this end is a port of. */
  readonly switch?: string;
}

/** What the lab sets on a machine where no agent runs: a cloud VM, or a host that is not managed. */
interface AddressSetup {
  readonly namespace: string;
  readonly addresses: readonly { readonly interface: string; readonly address: string }[];
  readonly gateway?: string;
}

/** The machines and cables of a vehicle, as namespaces and veth pairs. Pure: nothing is made yet. */
export interface LabLayout {
  /** Host name → namespace. */
  readonly namespaces: ReadonlyMap<string, string>;
  /** The namespace that holds the switches of segments with no bridge of their own. */
  readonly wiring: string;
  readonly switches: readonly string[];
  readonly wires: readonly { readonly a: WireEnd; readonly b: WireEnd }[];
  readonly setups: readonly AddressSetup[];
  /** Hosts with an agent, in document order. */
  readonly agents: readonly string[];
}

/** Lays out a vehicle. `prefix` starts every namespace name, so that labs do not meet. */
export function layOut(vehicle: Vehicle, prefix: string): LabLayout {
  const machines = [...vehicle.hosts, ...vehicle.cloud];
  const namespaces = new Map(machines.map((host) => [host.name, `${prefix}-${host.name}`]));
  const wiring = `${prefix}-wires`;
  const parents = new Map(vehicle.hosts.map((host) => [host.name, host.parent]));
  const space = (host: string) => namespaces.get(host) ?? wiring;
  const plain = vehicle.segments.filter((segment) => segment.bridge === undefined);
  const switchOf = new Map(plain.map((segment, index) => [segment.name, `sw${index}`]));
  let port = 0;
  const wires = vehicle.segments.flatMap((segment) =>
    segment.members.map((member) => {
      const a = { namespace: space(member.host), name: member.interface };
      const parent = parents.get(member.host);
      if (segment.bridge !== undefined && parent !== undefined)
        return { a, b: { namespace: space(parent), name: portName(member.host, member.interface) } };
      const own = switchOf.get(segment.name);
      return { a, b: { namespace: wiring, name: `p${port++}`, ...(own === undefined ? {} : { switch: own }) } };
    }),
  );
  return {
    namespaces,
    wiring,
    switches: [...switchOf.values()],
    wires,
    setups: [...vehicle.hosts.filter((host) => !host.managed), ...vehicle.cloud].map((host) => setupOf(vehicle, host, space(host.name))),
    agents: vehicle.hosts.filter((host) => host.managed).map((host) => host.name),
  };
}

function portName(host: string, name: string): string {
  return `${host}${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

/** Such a machine sends everything to its declared gateway, else to the first SoC with an agent on one of its wires. */
function setupOf(vehicle: Vehicle, machine: Host, namespace: string): AddressSetup {
  const addresses = machine.interfaces.flatMap(({ name, address }) =>
    address === undefined ? [] : [{ interface: name, address: formatPrefix(address) }],
  );
  const declared = machine.interfaces.find((intf) => intf.gateway !== undefined)?.gateway;
  const segments = new Set(machine.interfaces.map((intf) => intf.segment));
  const neighbour = vehicle.hosts
    .filter((host) => host.kind === "soc" && host.managed)
    .flatMap((host) => host.interfaces)
    .find((intf) => segments.has(intf.segment) && intf.address !== undefined);
  const gateway = declared ?? neighbour?.address?.ip;
  return { namespace, addresses, ...(gateway === undefined ? {} : { gateway: formatIp(gateway) }) };
}
