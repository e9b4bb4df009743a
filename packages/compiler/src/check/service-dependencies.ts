import type { Finding } from "@pharos/base";
import type { DeployedService, ServiceDeployment } from "@pharos/kinds";
import { SERVICE_DEPENDENCY } from "../codes.ts";
import { documentTitle } from "../document-set.ts";
import type { DocumentSet } from "../documents.ts";
import { found } from "../found.ts";

/** Services that wait for what is not in their document, or in a circle: they would never start. */
export function serviceDependencyFindings({ serviceDeployments }: Pick<DocumentSet, "serviceDeployments">): readonly Finding[] {
  return serviceDeployments.flatMap((document) => [...unknownDependencies(document), ...circularDependencies(document)]);
}

function unknownDependencies(document: ServiceDeployment): readonly Finding[] {
  const { services } = document.spec;
  const known = new Set(services.map(({ name }) => name));
  return services.flatMap((service, index) =>
    (service.dependsOn ?? []).flatMap((name, position) => {
      if (known.has(name)) return [];
      const says = `${service.name} depends on ${name}, which this document does not describe`;
      return [found({ code: SERVICE_DEPENDENCY, at: originOf(document, index), field: `dependsOn[${position}]`, says })];
    }),
  );
}

/** One finding a circle, at its service that stands first in the document. */
function circularDependencies(document: ServiceDeployment): readonly Finding[] {
  const { services } = document.spec;
  const byName = new Map(services.map((service) => [service.name, service]));
  const told = new Set<string>();
  return services.flatMap((service, index) => {
    const circle = told.has(service.name) ? undefined : circleFrom(service, byName);
    if (circle === undefined) return [];
    for (const name of circle) told.add(name);
    const says = `these services wait for each other: ${[...circle, service.name].join(" → ")}`;
    return [found({ code: SERVICE_DEPENDENCY, at: originOf(document, index), field: "dependsOn", says })];
  });
}

/** The way from a service back to itself, by breadth first; undefined when there is none. */
function circleFrom(start: DeployedService, byName: ReadonlyMap<string, DeployedService>): readonly string[] | undefined {
  const ways: (readonly string[])[] = [[start.name]];
  const seen = new Set<string>();
  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    const last = byName.get(way.at(-1) ?? "");
    for (const next of last?.dependsOn ?? []) {
      if (next === start.name) return way;
      if (!seen.has(next)) ways.push([...way, next]);
      seen.add(next);
    }
  }
  return undefined;
}

function originOf(document: ServiceDeployment, index: number) {
  return { document: documentTitle(document), path: `spec.services[${index}]` };
}
