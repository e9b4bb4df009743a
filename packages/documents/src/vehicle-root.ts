import type { FieldSchema } from "@pharos/kinds";
import { ENTRY_IGNORED, VALUE_REFUSED } from "./codes.ts";
import { joinPath } from "./field-path.ts";
import { type Issue, shown } from "./issue.ts";
import { API_VERSION } from "./kind-of.ts";
import { structureIssues } from "./structure.ts";

/** An object made from another shape, and where each of its parts comes from. */
interface DerivedObject {
  readonly object: unknown;
  /** Path in the given text by path in the object. */
  readonly origins: ReadonlyMap<string, string>;
}

export interface DerivedDocuments {
  readonly objects: readonly DerivedObject[];
  readonly issues: readonly Issue[];
}

interface Machine {
  readonly name: string;
  readonly ip?: string;
  readonly subnet?: string;
}

interface Vm extends Machine {
  readonly pods?: readonly {
    readonly name: string;
    readonly namespace?: string;
    readonly networking?: { readonly type: "cni"; readonly subnet: string };
  }[];
}

interface Soc extends Machine {
  readonly vms?: readonly Vm[];
}

interface VehicleRoot {
  readonly name: string;
  readonly socs: readonly Soc[];
  readonly routes?: readonly { readonly from: string; readonly to: string; readonly gateway?: string }[];
}

const text = (example: string): FieldSchema => ({ type: "string", example });
const list = (properties: Readonly<Record<string, FieldSchema>>, required: readonly string[]): FieldSchema => ({
  type: "array",
  items: { type: "object", properties, required },
});
const machine = { name: text("soc1"), ip: text("10.1.0.2"), subnet: text("10.1.0.0/24") };
const networking: FieldSchema = {
  type: "object",
  properties: { type: { type: "string", enum: ["cni"] }, subnet: text("10.2.1.0/24") },
  required: ["type", "subnet"],
};
const pods = list({ name: text("perception-pod"), namespace: text("default"), networking }, ["name"]);
const routes = list({ from: text("vm1"), to: text("0.0.0.0/0"), gateway: text("10.2.0.1") }, ["from", "to"]);

const SCHEMA: FieldSchema = {
  type: "object",
  properties: {
    name: text("vehicle001"),
    socs: list({ ...machine, vms: list({ ...machine, pods }, ["name"]) }, ["name"]),
    routes,
  },
  required: ["name", "socs"],
};

/** Ends of a route that mean everything beyond the vehicle. */
const BEYOND = ["0.0.0.0/0", "::/0", "default", "external", "cloud", "world"];

/**
 * The `vehicle:` shape of the specification's English edition as a Node, and a Bridge where pods have a subnet. Each
 * machine gets one interface, eth0. Routes between the vehicle's own subnets follow from the topology.
 */
export function fromVehicleRoot(value: unknown): DerivedDocuments {
  const issues = structureIssues(SCHEMA, value, "vehicle");
  if (issues.length > 0) return { objects: [], issues };
  const vehicle = value as VehicleRoot;
  const name = vehicle.name
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, "-")
    .replace(/^[.-]+|[.-]+$/g, "")
    .slice(0, 253);
  const bridges = bridgesOf(vehicle);
  const metadata = { name: name === "" ? "vehicle" : name };
  const origins = new Map([
    ["", "vehicle"],
    ["metadata.name", "vehicle.name"],
    ["spec.name", "vehicle.name"],
    ["spec.socs", "vehicle.socs"],
  ]);
  const socs = vehicle.socs.map((soc, index) => {
    const from = `vehicle.socs[${index}]`;
    const { vms, ...own } = machineOf(soc, { vehicle, from, to: `spec.socs[${index}]`, origins });
    return {
      ...own,
      ...(soc.vms === undefined
        ? {}
        : {
            vms: soc.vms.map((vm, place) =>
              machineOf(vm, { vehicle, from: `${from}.vms[${place}]`, to: `spec.socs[${index}].vms[${place}]`, origins }),
            ),
          }),
    };
  });
  const node = { object: { apiVersion: API_VERSION, kind: "Node", metadata, spec: { name: vehicle.name, socs } }, origins };
  return { objects: [node, ...bridges.map((entries) => bridgeDocument(metadata.name, entries))], issues: routeIssues(vehicle) };
}

interface Placing {
  readonly vehicle: VehicleRoot;
  readonly from: string;
  readonly to: string;
  readonly origins: Map<string, string>;
}

function machineOf(
  { name, ip, subnet }: Machine,
  { vehicle, from, to, origins }: Placing,
): { readonly name: string; readonly vms?: never; readonly interfaces?: readonly object[] } {
  origins.set(to, from);
  origins.set(`${to}.name`, `${from}.name`);
  if (ip === undefined) return { name };
  origins.set(`${to}.interfaces`, `${from}.ip`);
  if (subnet === undefined) origins.set(`${to}.interfaces[0].address`, from);
  const length = subnet?.split("/")[1];
  const gateway = (vehicle.routes ?? []).find((route) => isUplink(route) && route.from === name)?.gateway;
  return {
    name,
    interfaces: [{ name: "eth0", address: length === undefined ? ip : `${ip}/${length}`, ...(gateway === undefined ? {} : { gateway }) }],
  };
}

function isUplink({ to, gateway }: { readonly to: string; readonly gateway?: string }): boolean {
  return gateway !== undefined && BEYOND.includes(to);
}

interface BridgeEntry {
  readonly subnet: string;
  readonly from: string;
  readonly hosts: string[];
}

/** One bridge a pod subnet, on the VMs that name it; an empty list makes no document. */
function bridgesOf({ socs }: VehicleRoot): readonly (readonly BridgeEntry[])[] {
  const bySubnet = new Map<string, BridgeEntry>();
  for (const [soc, { vms = [] }] of socs.entries()) {
    for (const [vm, { name, pods: podList = [] }] of vms.entries()) {
      for (const [pod, { networking: wanted }] of podList.entries()) {
        if (wanted === undefined) continue;
        const from = `vehicle.socs[${soc}].vms[${vm}].pods[${pod}].networking.subnet`;
        const entry = bySubnet.get(wanted.subnet) ?? { subnet: wanted.subnet, from, hosts: [] };
        if (!entry.hosts.includes(name)) entry.hosts.push(name);
        bySubnet.set(wanted.subnet, entry);
      }
    }
  }
  return bySubnet.size === 0 ? [] : [[...bySubnet.values()]];
}

function bridgeDocument(vehicle: string, entries: readonly BridgeEntry[]): DerivedObject {
  const bridges = entries.map(({ subnet, hosts }, index) => ({
    name: `podBr${index}`,
    bridgeFor: "pod",
    isGateway: true,
    hosts,
    ipam: { ranges: [{ subnet }], routes: [{ dst: subnet.includes(":") ? "::/0" : "0.0.0.0/0" }] },
  }));
  const origins = new Map(entries.map(({ from }, index) => [joinPath("spec.bridges", index), from]));
  origins.set("", "vehicle");
  return {
    object: { apiVersion: API_VERSION, kind: "Bridge", metadata: { name: `${vehicle}-pods`.slice(0, 253) }, spec: { bridges } },
    origins,
  };
}

function routeIssues({ routes: given = [], socs }: VehicleRoot): readonly Issue[] {
  const names = socs.flatMap(({ name, vms = [] }) => [name, ...vms.map((vm) => vm.name)]);
  return given.flatMap((route, index): Issue[] => {
    const path = `vehicle.routes[${index}]`;
    if (!isUplink(route)) {
      const description = `routes inside the vehicle follow from its subnets; the route to ${shown(route.to)} is not used`;
      return [{ entry: ENTRY_IGNORED, path, description, severity: "WARNING" }];
    }
    if (names.includes(route.from)) return [];
    return [
      {
        entry: VALUE_REFUSED,
        path: `${path}.from`,
        description: `there is no SoC or VM ${shown(route.from)}`,
        recommendation: `use one of ${names.join(", ")}`,
      },
    ];
  });
}
