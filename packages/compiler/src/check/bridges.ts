import type { Finding } from "@pharos/base";
import {
  BRIDGE_NOWHERE,
  BRIDGE_UNMANAGED,
  DEFAULT_TWICE,
  HOST_UNKNOWN,
  INTERFACE_UNKNOWN,
  PORT_IS_BRIDGE,
  PORT_TWICE,
  PORT_WITH_ADDRESS,
} from "../codes.ts";
import { found, place } from "../found.ts";
import type { Host, PlacedBridge, Vehicle } from "../vehicle/model.ts";
import type { BridgeEntry } from "../vehicle/place-bridges.ts";
import { hasInterface } from "../vehicle/read-bridges.ts";
import { suggestion } from "./names.ts";

/** Where bridges live and what their ports are. `entries` and the vehicle's bridges are in the same order. */
export function bridgeFindings(vehicle: Vehicle, entries: readonly BridgeEntry[]): readonly Finding[] {
  return [
    ...entries.flatMap((entry) => [...hostFindings(vehicle, entry), ...portFindings(vehicle, entry)]),
    ...vehicle.bridges.flatMap((bridge) => nowhere(bridge, entries)),
    ...vehicle.hosts.flatMap((host) => defaultFindings(vehicle, host)),
    ...sharedPorts(vehicle),
    ...vehicle.hosts.flatMap((host) => addressesOnPorts(vehicle, host)),
  ];
}

function hostFindings(vehicle: Vehicle, { declared, origin }: BridgeEntry): readonly Finding[] {
  return (declared.hosts ?? []).flatMap((name, index) => {
    const field = `hosts[${index}]`;
    const host = vehicle.hosts.find((known) => known.name === name);
    if (host === undefined) return [unknownHost(vehicle, { at: origin, field, says: `${declared.name} names the host ${name}`, name })];
    if (host.managed) return [];
    const says = `${declared.name} is placed on ${name}, where no agent runs (${place(host.origin)} says managed: false)`;
    return [found({ code: BRIDGE_UNMANAGED, at: origin, field, says })];
  });
}

interface Unknown {
  readonly at: PlacedBridge["origin"];
  readonly field: string;
  readonly says: string;
  readonly name: string;
}

/** A finding about a host name that means nothing, with names that may have been meant. */
export function unknownHost(vehicle: Vehicle, { at, field, says, name }: Unknown): Finding {
  const known = vehicle.hosts.map((host) => host.name);
  const described = `${says}, which ${vehicle.origin.document} does not describe${suggestion(name, known)}`;
  return found({ code: HOST_UNKNOWN, at, field, says: described });
}

function portFindings(vehicle: Vehicle, { declared, origin }: BridgeEntry): readonly Finding[] {
  const carriers =
    vehicle.bridges.find((bridge) => bridge.origin.document === origin.document && bridge.origin.path === origin.path)?.hosts ?? [];
  return (declared.ports ?? []).flatMap((port, index) => {
    const field = `ports[${index}]`;
    const candidates = vehicle.hosts.filter((host) => (port.host === undefined ? carriers.includes(host.name) : host.name === port.host));
    if (port.host !== undefined && candidates.length === 0) {
      return [
        unknownHost(vehicle, { at: origin, field: `${field}.host`, says: `${declared.name} names the host ${port.host}`, name: port.host }),
      ];
    }
    if (port.host !== undefined && !carriers.includes(port.host)) {
      const says = `${declared.name} has a port on ${port.host}, but lives only on ${carriers.join(", ") || "no host"}`;
      return [
        found({ code: HOST_UNKNOWN, at: origin, field: `${field}.host`, says, advice: `add ${port.host} to hosts, or remove the port` }),
      ];
    }
    const inner = vehicle.bridges.find(
      ({ name, hosts }) => name === port.interface && candidates.some((host) => hosts.includes(host.name)),
    );
    if (inner !== undefined) {
      const says = `${declared.name} has the bridge ${inner.name} (${place(inner.origin)}) as a port`;
      return [found({ code: PORT_IS_BRIDGE, at: origin, field: `${field}.interface`, says })];
    }
    if (candidates.some((host) => hasInterface(host, port.interface, vehicle.hosts))) return [];
    const names = candidates.flatMap((host) => interfacesOn(vehicle, host));
    const where = port.host ?? carriers.join(", ");
    const says = `the Node document describes no interface ${port.interface} of ${where} for ${declared.name}, so it is taken as the host has it${suggestion(port.interface, names)}`;
    return [found({ code: INTERFACE_UNKNOWN, at: origin, field: `${field}.interface`, says, severity: "WARNING" })];
  });
}

function interfacesOn(vehicle: Vehicle, host: Host): readonly string[] {
  const ends = vehicle.hosts
    .filter((child) => child.parent === host.name)
    .flatMap((child) => child.interfaces.map((intf) => intf.qualifiedName));
  return [...host.interfaces.map((intf) => intf.name), ...ends];
}

/** A bridge whose `hosts` are all unknown has its findings already. */
function nowhere(bridge: PlacedBridge, entries: readonly BridgeEntry[]): readonly Finding[] {
  const declared = entries.find(({ origin }) => origin.document === bridge.origin.document && origin.path === bridge.origin.path)?.declared;
  if (bridge.hosts.length > 0 || (declared?.hosts ?? []).length > 0) return [];
  const wanted = {
    pod: "a managed VM, or SoC without VMs",
    vm: "a managed SoC with VMs",
    cloud: "a managed host with an interface in a cloud segment",
  };
  const says = `no host carries ${bridge.name}: the vehicle has not ${wanted[bridge.bridgeFor]}`;
  return [found({ code: BRIDGE_NOWHERE, at: bridge.origin, says, severity: "WARNING" })];
}

function defaultFindings(vehicle: Vehicle, host: Host): readonly Finding[] {
  const [first, ...others] = vehicle.bridges.filter((bridge) => bridge.isDefault && bridge.hosts.includes(host.name));
  return others.map((bridge) => {
    const says = `${bridge.name} and ${first?.name} (${first === undefined ? "" : place(first.origin)}) are both the default on ${host.name}`;
    return found({ code: DEFAULT_TWICE, at: bridge.origin, field: "default", says });
  });
}

function sharedPorts(vehicle: Vehicle): readonly Finding[] {
  const first = new Map<string, PlacedBridge>();
  return vehicle.bridges.flatMap((bridge) =>
    bridge.ports.flatMap((port) => {
      const key = `${port.host} ${port.interface}`;
      const earlier = first.get(key);
      if (earlier === undefined) first.set(key, bridge);
      if (earlier === undefined || earlier === bridge) return [];
      const says = `${port.interface} of ${port.host} is a port of ${bridge.name} and of ${earlier.name} (${place(earlier.origin)})`;
      return [found({ code: PORT_TWICE, at: bridge.origin, field: "ports", says })];
    }),
  );
}

function addressesOnPorts(vehicle: Vehicle, host: Host): readonly Finding[] {
  return host.interfaces.flatMap((intf) => {
    const isPort = (bridge: PlacedBridge): boolean => bridge.ports.some((port) => port.host === host.name && port.interface === intf.name);
    const bridge = vehicle.bridges.find(isPort);
    if (bridge === undefined || (intf.address === undefined && intf.type !== "dhcp")) return [];
    const says = `${intf.name} of ${host.name} has an address, and is a port of ${bridge.name} (${place(bridge.origin)}), where the kernel does not look at it`;
    return [found({ code: PORT_WITH_ADDRESS, at: intf.origin, field: intf.address === undefined ? "type" : "address", says })];
  });
}
