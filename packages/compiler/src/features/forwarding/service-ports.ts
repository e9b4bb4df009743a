import type { ServiceDeployment } from "@pharos/kinds";
import type { Ports } from "./rule.ts";

/** What a rule's `service` means. */
export type ServiceLookup =
  | { readonly kind: "ports"; readonly ports: Ports }
  | { readonly kind: "unknown"; readonly known: readonly string[] }
  /** Several ServiceDeployments define it with different ports; which of them is meant cannot be told. */
  | { readonly kind: "ambiguous"; readonly documents: readonly string[] };

export interface ServicePorts {
  lookup(service: string): ServiceLookup;
}

/** An index of the services' ports by name. */
export function servicePorts(deployments: readonly ServiceDeployment[]): ServicePorts {
  const byName = new Map<string, { readonly document: string; readonly ports: Ports }[]>();
  for (const deployment of deployments) {
    const document = `ServiceDeployment/${deployment.metadata.namespace ?? "default"}/${deployment.metadata.name}`;
    for (const service of deployment.spec.services) {
      const known = byName.get(service.name) ?? [];
      known.push({ document, ports: sortedPorts(service.ports ?? []) });
      byName.set(service.name, known);
    }
  }
  return {
    lookup: (service) => {
      const found = byName.get(service) ?? [];
      const only = found[0];
      if (only === undefined) return { kind: "unknown", known: [...byName.keys()] };
      const same = found.every(({ ports }) => ports.join() === only.ports.join());
      return same ? { kind: "ports", ports: only.ports } : { kind: "ambiguous", documents: found.map(({ document }) => document) };
    },
  };
}

function sortedPorts(ports: readonly number[]): Ports {
  return [...new Set(ports)].sort((a, b) => a - b);
}
