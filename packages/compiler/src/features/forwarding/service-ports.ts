import type { ServiceDeployment, ServiceRegistration } from "@pharos/kinds";
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

/**
 * An index of the services' ports by name. A registered service has the ports of all its registrations; a ServiceDeployment's
 * entry of the same name is what its author decided, and wins.
 */
export function servicePorts(deployments: readonly ServiceDeployment[], registrations: readonly ServiceRegistration[]): ServicePorts {
  const byName = new Map<string, { readonly document: string; readonly ports: Ports }[]>();
  for (const deployment of deployments) {
    const document = `ServiceDeployment/${deployment.metadata.namespace ?? "default"}/${deployment.metadata.name}`;
    for (const service of deployment.spec.services) {
      const known = byName.get(service.name) ?? [];
      known.push({ document, ports: sortedPorts(service.ports ?? []) });
      byName.set(service.name, known);
    }
  }
  const registered = Map.groupBy(registrations, (registration) => registration.spec.serviceName);
  for (const [name, all] of registered) {
    if (!byName.has(name)) byName.set(name, [{ document: "registrations", ports: sortedPorts(all.map(({ spec }) => spec.port)) }]);
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
