import type { Checked, Finding } from "@pharos/base";
import type { Node } from "@pharos/kinds";
import { VEHICLE_COUNT, VEHICLE_NO_SOC } from "../codes.ts";
import type { RevisionContent } from "../documents.ts";
import { found } from "../found.ts";
import type { Host, PlacedBridge, Vehicle } from "./model.ts";
import { bridgeEntries } from "./place-bridges.ts";
import { readBridge } from "./read-bridges.ts";
import { readHosts } from "./read-hosts.ts";
import { segmentsOf, withBridgeSegments, withSubnetSegments } from "./segments.ts";

/** Documents with what hosts reported and were given; a whole RevisionContent fits. */
export type VehicleInput = Partial<Pick<RevisionContent, "allocations" | "leases">> & {
  readonly documents: Pick<RevisionContent["documents"], "nodes" | "bridges">;
};

/**
 * Joins the Node document and all Bridge documents to the vehicle that every feature reads. Undefined when there is not
 * exactly one Node document. Findings tell only what could not be read; contradictions are the task of `check`.
 */
export function buildVehicle(input: VehicleInput): Checked<Vehicle | undefined> {
  const [node, ...others] = input.documents.nodes;
  if (node === undefined) return { value: undefined, findings: [noNode()] };
  if (others.length > 0) return { value: undefined, findings: others.map((other) => secondNode(node, other)) };
  const read = readHosts(node, input.leases ?? []);
  const findings: Finding[] = [...read.findings];
  const entries = bridgeEntries(input.documents.bridges);
  const hosts = withSubnetSegments(withBridgeSegments(read.hosts, entries));
  const cloud = withSubnetSegments(read.cloud);
  const bridgeInput = { hosts, cloud, allocations: input.allocations ?? [] };
  const bridges = entries.map((entry) => readBridge(entry, bridgeInput, findings));
  const vehicle = vehicleOf(node, { hosts, cloud, bridges });
  if (node.spec.socs.length === 0) {
    findings.push(found({ code: VEHICLE_NO_SOC, at: vehicle.origin, field: "socs", says: "the vehicle has no SoC" }));
  }
  return { value: vehicle, findings };
}

function vehicleOf(
  node: Node,
  parts: { readonly hosts: readonly Host[]; readonly cloud: readonly Host[]; readonly bridges: readonly PlacedBridge[] },
): Vehicle {
  return {
    name: node.spec.name,
    origin: { document: `Node/${node.metadata.name}`, path: "spec" },
    defaultAction: node.spec.defaultAction,
    enforcement: node.spec.enforcement,
    failsafe: node.spec.failsafe ?? [],
    ...parts,
    segments: segmentsOf([...parts.hosts, ...parts.cloud], parts.bridges),
  };
}

function noNode(): Finding {
  return {
    code: VEHICLE_COUNT.code,
    severity: "ERROR",
    path: "",
    description: "there is no Node document, so there is no vehicle to configure",
    recommendation: "add the Node document that describes the vehicle's SoCs and VMs",
  };
}

function secondNode(first: Node, second: Node): Finding {
  return found({
    code: VEHICLE_COUNT,
    at: { document: `Node/${second.metadata.name}`, path: "metadata.name" },
    says: `Node/${second.metadata.name} describes a second vehicle beside Node/${first.metadata.name}`,
  });
}
