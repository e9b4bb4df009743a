import { type Ip, type Prefix, parseIp, parsePrefix } from "@pharos/hoststate";
import type { BridgeRange, Failsafe, Host, HostInterface, PlacedBridge, Vehicle } from "../src/vehicle/model.ts";

/** An interface of a test vehicle. Test support: nothing in production imports this file. */
export interface TestInterface {
  readonly name: string;
  readonly address?: string;
  readonly gateway?: string;
  readonly segment?: string;
  readonly uplink?: boolean;
}

export interface TestHost {
  readonly name: string;
  readonly kind?: Host["kind"];
  readonly parent?: string;
  readonly managed?: boolean;
  readonly interfaces: readonly TestInterface[];
}

export interface TestBridge {
  readonly name: string;
  readonly bridgeFor?: PlacedBridge["bridgeFor"];
  readonly ipMasq?: boolean;
  readonly isGateway?: boolean;
  readonly ranges: readonly {
    readonly subnet: string;
    readonly blocks: readonly (readonly [host: string, block: string, gateway: string])[];
  }[];
  readonly ports?: PlacedBridge["ports"];
}

export interface TestVehicle {
  readonly hosts: readonly TestHost[];
  readonly bridges?: readonly TestBridge[];
  readonly defaultAction?: Vehicle["defaultAction"];
  readonly enforcement?: Vehicle["enforcement"];
  readonly failsafe?: readonly Failsafe[];
}

const ORIGIN = { document: "Node/vehicle", path: "spec" };

/** A vehicle from a short description: what the vehicle builder would make of the documents. */
export function testVehicle(of: TestVehicle): Vehicle {
  const hosts = of.hosts.map(hostOf);
  return {
    name: "vehicle",
    origin: ORIGIN,
    defaultAction: of.defaultAction ?? "DROP",
    enforcement: of.enforcement ?? "enforce",
    failsafe: of.failsafe ?? [],
    hosts: hosts.filter((host) => host.kind !== "cloud"),
    cloud: hosts.filter((host) => host.kind === "cloud"),
    segments: segmentsOf(hosts, of.bridges ?? []),
    bridges: (of.bridges ?? []).map(bridgeOf),
  };
}

export function ip(text: string): Ip {
  const parsed = parseIp(text);
  if (parsed === undefined) throw new Error(`no address: ${text}`);
  return parsed;
}

export function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (parsed === undefined) throw new Error(`no prefix: ${text}`);
  return parsed;
}

function hostOf(host: TestHost): Host {
  const kind = host.kind ?? "soc";
  return {
    name: host.name,
    kind,
    ...(host.parent === undefined ? {} : { parent: host.parent }),
    managed: host.managed ?? kind !== "cloud",
    interfaces: host.interfaces.map((intf) => interfaceOf(host.name, intf)),
    origin: ORIGIN,
  };
}

function interfaceOf(host: string, intf: TestInterface): HostInterface {
  return {
    host,
    name: intf.name,
    qualifiedName: `${host}${intf.name.charAt(0).toUpperCase()}${intf.name.slice(1)}`,
    type: "static",
    ...(intf.address === undefined ? {} : { address: prefix(intf.address) }),
    ...(intf.gateway === undefined ? {} : { gateway: ip(intf.gateway) }),
    nameservers: [],
    segment: intf.segment ?? "lan",
    uplink: intf.uplink ?? false,
    managed: true,
    takeover: false,
    origin: ORIGIN,
  };
}

function bridgeOf(bridge: TestBridge): PlacedBridge {
  const ranges = bridge.ranges.map((range): BridgeRange => {
    const blocks = range.blocks.map(([host, block, gateway]) => ({ host, block: prefix(block), gateway: ip(gateway) }));
    return { subnet: prefix(range.subnet), exclude: [], blocks, origin: ORIGIN };
  });
  return {
    name: bridge.name,
    bridgeFor: bridge.bridgeFor ?? "pod",
    ipMasq: bridge.ipMasq ?? false,
    isGateway: bridge.isGateway ?? true,
    isDefault: false,
    hosts: [...new Set(ranges.flatMap((range) => range.blocks.map((block) => block.host)))].sort(),
    ports: bridge.ports ?? [],
    ranges,
    routes: [],
    origin: { document: `Bridge/${bridge.name}`, path: "spec.bridges[0]" },
  };
}

function segmentsOf(hosts: readonly Host[], bridges: readonly TestBridge[]): Vehicle["segments"] {
  const names = [...new Set(hosts.flatMap((host) => host.interfaces.map((intf) => intf.segment)))];
  return names.map((name) => {
    const members = hosts.flatMap((host) => host.interfaces.filter((intf) => intf.segment === name));
    const joined = bridges.some((bridge) => bridge.name === name);
    return {
      name,
      subnets: members.flatMap((intf) => (intf.address === undefined ? [] : [intf.address])),
      members: members.map((intf) => ({ host: intf.host, interface: intf.name })),
      ...(joined ? { bridge: name } : {}),
    };
  });
}
