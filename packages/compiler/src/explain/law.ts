import type { ClusterFacts } from "../cluster/cluster-facts.ts";
import type { DocumentSet, Live } from "../documents.ts";
import { type OpenPort, OWN_PORTS } from "../features/forwarding/own-ports.ts";
import { readForwardRules } from "../features/forwarding/read-rules.ts";
import type { ForwardRules } from "../features/forwarding/rule.ts";
import { type Topology, topologyOf } from "../topology/topology.ts";
import type { Vehicle } from "../vehicle/model.ts";
import { type Zone, zonesOfVehicle } from "../zones/zone.ts";

/** What verdicts are explained from. */
export interface ExplainInput {
  readonly vehicle: Vehicle;
  readonly documents: DocumentSet;
  /** Pods that ends may name, and the Kubernetes cluster whose own traffic no rule closes. */
  readonly live?: Pick<Live, "podNetworks" | "cluster">;
  /** Ports of Pharos that are failsafe; those of an unconfigured Pharos when left out. */
  readonly ownPorts?: readonly OpenPort[];
}

/** What the evaluator knows: the documents' meaning, never the firewall objects that were made from it. */
export interface Law {
  readonly vehicle: Vehicle;
  readonly topology: Topology;
  readonly zones: readonly Zone[];
  readonly rules: ForwardRules;
  readonly ownPorts: readonly OpenPort[];
  readonly cluster?: ClusterFacts;
}

/** Reads the documents once for many questions. */
export function lawOf(input: ExplainInput): Law {
  const { vehicle, documents, ownPorts } = input;
  const zones = zonesOfVehicle(vehicle);
  const rules = readForwardRules(documents, zones).value;
  const cluster = input.live?.cluster;
  const known = { vehicle, topology: topologyOf(vehicle), zones, rules, ownPorts: ownPorts ?? OWN_PORTS };
  return cluster === undefined ? known : { ...known, cluster };
}
