import type { Finding } from "@pharos/base";
import type { DocumentSet, HostFacts } from "../documents.ts";
import { checkForwarding } from "../features/forwarding/check.ts";
import { allocateBlocks } from "../freeze/allocate.ts";
import { buildVehicle } from "../vehicle/build.ts";
import { bridgeEntries } from "../vehicle/place-bridges.ts";
import { addressFindings } from "./addresses.ts";
import { bridgeFindings } from "./bridges.ts";
import { failsafeFindings } from "./failsafe.ts";
import { nameFindings, serviceNameFindings } from "./names.ts";
import { rangeFindings } from "./ranges.ts";
import { serviceDependencyFindings } from "./service-dependencies.ts";
import { subnetFindings } from "./subnets.ts";
import { takeoverFindings } from "./takeover.ts";

/**
 * All that contradicts itself in documents that are each valid by themselves: one finding for each contradiction, on the document
 * that a person would change. `facts` are those of hosts that have reported; what only a host can tell is checked for these.
 */
export function check(documents: DocumentSet, facts: ReadonlyMap<string, HostFacts> = new Map()): readonly Finding[] {
  const blocks = allocateBlocks(documents, []);
  const { value: vehicle, findings } = buildVehicle({ documents, allocations: blocks.value });
  if (vehicle === undefined) return [...findings, ...serviceNameFindings(documents), ...serviceDependencyFindings(documents)];
  return [
    ...findings,
    ...nameFindings(vehicle),
    ...serviceNameFindings(documents),
    ...serviceDependencyFindings(documents),
    ...subnetFindings(vehicle),
    ...addressFindings(vehicle),
    ...bridgeFindings(vehicle, bridgeEntries(documents.bridges)),
    ...rangeFindings(vehicle),
    ...blocks.findings,
    ...failsafeFindings(vehicle),
    ...vehicle.hosts.flatMap((host) => takeoverFindings(host, facts.get(host.name) ?? { interfaces: [] })),
    ...checkForwarding(vehicle, documents),
  ];
}
