import type { DeployedService } from "@pharos/kinds";

/** Where a service goes. */
export type Placement =
  /** Its image runs on this Kubernetes node. */
  | { readonly kind: "run"; readonly service: DeployedService; readonly node: string }
  /** It runs by itself there; the registry tells where. */
  | { readonly kind: "register"; readonly service: DeployedService; readonly host: string }
  /** It is started when these run. */
  | { readonly kind: "wait"; readonly service: DeployedService; readonly node: string; readonly missing: readonly string[] }
  /** It cannot run as it should; what runs of it stays. */
  | { readonly kind: "misplaced"; readonly service: DeployedService; readonly reason: string };

export interface PlacesInput {
  readonly services: readonly DeployedService[];
  /** Host of the vehicle → Kubernetes node that it is. Hosts outside Kubernetes are not in it. */
  readonly nodeOf: ReadonlyMap<string, string>;
  /** Names of services that run now; a native one always counts. */
  readonly running: ReadonlySet<string>;
  /** Names of services that were started before: they are not stopped when what they depend on fails. */
  readonly started: ReadonlySet<string>;
  /** What stands where an object of the service should be and others made; undefined when there is nothing. */
  readonly taken: (service: DeployedService) => string | undefined;
}

/** Decides for each service, in the order of the document, whether it runs, waits, or is only registered. */
export function placeServices({ services, nodeOf, running, started, taken }: PlacesInput): readonly Placement[] {
  const native = new Set(services.filter(({ image }) => image === undefined).map(({ name }) => name));
  return services.map((service) => {
    if (service.image === undefined) return { kind: "register", service, host: service.node };
    const node = nodeOf.get(service.node);
    if (node === undefined) {
      return {
        kind: "misplaced",
        service,
        reason: `${service.node} is no host that is a Kubernetes node, so nothing can run the image there`,
      };
    }
    const other = taken(service);
    if (other !== undefined) {
      return {
        kind: "misplaced",
        service,
        reason: `${other} is there and was not made by Pharos: delete it, or give the service another name`,
      };
    }
    const missing = (service.dependsOn ?? []).filter((name) => !native.has(name) && !running.has(name));
    return missing.length === 0 || started.has(service.name) ? { kind: "run", service, node } : { kind: "wait", service, node, missing };
  });
}
