import type { Checked, Finding } from "@pharos/base";
import { EMPTY_STATE, type HostState } from "@pharos/hoststate";
import { clusterPods } from "./cluster/cluster-pods.ts";
import { HOST_NOT_HERE } from "./codes.ts";
import type { HostFacts, Live, Revision } from "./documents.ts";
import { FEATURES } from "./features/all.ts";
import { withoutAbsentLinks } from "./merge/absent-links.ts";
import { merge } from "./merge/merge.ts";
import { buildVehicle } from "./vehicle/build.ts";
import type { Vehicle } from "./vehicle/model.ts";

export interface CompileInput {
  readonly revision: Revision;
  /** Name of the SoC or VM that is compiled for. */
  readonly host: string;
  readonly live: Live;
  readonly facts: HostFacts;
}

/**
 * The state that `host` should run. With an ERROR among the findings the state is empty or partial and must not be applied: that is
 * how a host that the documents do not describe is told apart from one that should run nothing (a host with `managed: false`).
 */
export function compile(input: CompileInput): Checked<HostState> {
  const { content } = input.revision;
  if (content.documents.nodes.length === 0 && input.live.cluster !== undefined) return compileBuiltIn(input);
  const built = buildVehicle(content);
  const vehicle = built.value;
  const host = vehicle?.hosts.find((known) => known.name === input.host);
  if (vehicle === undefined) return { value: EMPTY_STATE, findings: built.findings };
  if (host === undefined) return { value: EMPTY_STATE, findings: [...built.findings, notHere(vehicle, input.host)] };
  const { live, facts } = input;
  const featureInput = { vehicle, host, documents: content.documents, live, facts };
  const outputs = [
    ...Object.entries(FEATURES).map(([feature, run]) => ({ feature, ...run(featureInput) })),
    { feature: "clusterPods", ...clusterPods({ host: host.name, live, facts, vehicle }) },
  ];
  const merged = merge(outputs);
  const present = withoutAbsentLinks(merged.value, { host, facts });
  const findings = [...built.findings, ...outputs.flatMap((output) => output.findings), ...merged.findings, ...present.findings];
  return { value: present.value, findings };
}

/** Without a Node document nothing but the pods' network is set up, and nothing is filtered. */
function compileBuiltIn({ host, live, facts }: CompileInput): Checked<HostState> {
  const output = clusterPods({ host, live, facts, vehicle: undefined });
  const merged = merge([{ feature: "clusterPods", contribution: output.contribution }]);
  return { value: merged.value, findings: [...output.findings, ...merged.findings] };
}

function notHere(vehicle: Vehicle, host: string): Finding {
  return {
    code: HOST_NOT_HERE.code,
    severity: "ERROR",
    path: vehicle.origin.path,
    description: `${vehicle.origin.document} describes no SoC or VM ${JSON.stringify(host)}`,
    recommendation: HOST_NOT_HERE.action,
    source: { document: vehicle.origin.document },
  };
}

/** The facts of a host that has all that the documents expect of it, for work on files where no host can be asked. */
export function assumedFacts(content: Revision["content"], host: string): HostFacts {
  const vehicle = buildVehicle(content).value;
  const own = vehicle?.hosts.find((known) => known.name === host)?.interfaces.map((intf) => intf.name) ?? [];
  const ports = vehicle?.bridges.flatMap((bridge) => bridge.ports.filter((port) => port.host === host).map((port) => port.interface)) ?? [];
  const interfaces = [...new Set([...own, ...ports])].map((name) => ({ name, addresses: [] }));
  return { bridgeNetfilter: true, nftables: true, ipv6: true, interfaces };
}
