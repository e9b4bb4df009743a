import { compareIp, containsPrefix, formatPrefix, type Ip, networkOf, type Prefix } from "@pharos/hoststate";
import type { Host, PlacedBridge, Vehicle } from "../vehicle/model.ts";
import { compareText } from "../vehicle/names.ts";
import { type Wires, wiresOf } from "./wires.ts";

/** An address of a host on a wire, and the link that has it. */
export interface Attachment {
  readonly host: string;
  /** Kernel name of the interface or bridge. */
  readonly link: string;
  readonly ip: Ip;
  /** What the kernel takes for on-link there. */
  readonly subnet: Prefix;
  /** Name of the layer-2 domain. */
  readonly wire: string;
}

/** Addresses that are found on one wire. */
export interface Destination {
  readonly prefix: Prefix;
  readonly wire: string;
  /** The host whose instance of a bridge the wire is. */
  readonly carrier?: { readonly host: string; readonly bridge: string };
}

/** Who is attached where: what routes and paths are derived from. */
export interface Attachments {
  readonly vehicle: Vehicle;
  /** Sorted by host, link and address. */
  readonly attachments: readonly Attachment[];
  /** Sorted by prefix. */
  readonly destinations: readonly Destination[];
}

/** Derives from a vehicle who is attached to which wire, and where each prefix is. */
export function attachmentsOf(vehicle: Vehicle): Attachments {
  const wires = wiresOf(vehicle);
  const machines = [...vehicle.hosts, ...vehicle.cloud];
  const attachments = [
    ...machines.flatMap((host) => interfaceAttachments(vehicle, host, wires)),
    ...vehicle.bridges.flatMap((bridge) => bridgeAttachments(bridge, wires)),
  ].sort((a, b) => compareText(a.host, b.host) || compareText(a.link, b.link) || compareIp(a.ip, b.ip));
  return { vehicle, attachments, destinations: destinationsOf(vehicle, attachments, wires) };
}

/** Interfaces with an address; a port of a bridge is none, because the kernel hands its packets to the bridge. */
function interfaceAttachments(vehicle: Vehicle, host: Host, wires: Wires): readonly Attachment[] {
  return host.interfaces.flatMap((intf) => {
    if (intf.address === undefined || bridgeOfPort(vehicle, host.name, intf.name) !== undefined) return [];
    const { ip } = intf.address;
    return [{ host: host.name, link: intf.name, ip, subnet: networkOf(intf.address), wire: wires.ofInterface(host, intf) }];
  });
}

function bridgeAttachments(bridge: PlacedBridge, wires: Wires): readonly Attachment[] {
  if (!bridge.isGateway) return [];
  return bridge.ranges.flatMap(({ subnet, blocks }) =>
    blocks.map(({ host, gateway }) => ({ host, link: bridge.name, ip: gateway, subnet, wire: wires.ofBridge(bridge.name, host) })),
  );
}

/** The bridge that an interface (or a VM's end) is a port of on `host`. */
export function bridgeOfPort(vehicle: Vehicle, host: string, link: string): PlacedBridge | undefined {
  return vehicle.bridges.find((bridge) => bridge.ports.some((port) => port.host === host && port.interface === link));
}

/** A bridge's part on each host, and the subnets of interfaces that lie in no bridge's range. */
function destinationsOf(vehicle: Vehicle, attachments: readonly Attachment[], wires: Wires): readonly Destination[] {
  const ranges = vehicle.bridges.flatMap((bridge) => bridge.ranges.map((range) => ({ bridge, range })));
  const bridged = ranges.flatMap(({ bridge, range }) =>
    range.blocks.map(({ host, block }) => ({
      prefix: bridge.hosts.length === 1 ? range.subnet : block,
      wire: wires.ofBridge(bridge.name, host),
      carrier: { host, bridge: bridge.name },
    })),
  );
  const plain = attachments
    .filter(({ subnet }) => !ranges.some(({ range }) => containsPrefix(range.subnet, subnet)))
    .map(({ subnet, wire }) => ({ prefix: subnet, wire }));
  const distinct = new Map<string, Destination>([...plain, ...bridged].map((to) => [`${formatPrefix(to.prefix)} ${to.wire}`, to]));
  return [...distinct].sort(([a], [b]) => compareText(a, b)).map(([, destination]) => destination);
}
