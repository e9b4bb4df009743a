import { isDeepStrictEqual } from "node:util";
import { documentTitle } from "@pharos/compiler";
import type { DeployedService, HostReport, ServiceDeployment, ServiceRegistration } from "@pharos/kinds";
import type { KubernetesObject, ObjectRef } from "@pharos/store";
import { refOf, refText } from "@pharos/store";
import {
  CONTENT_ANNOTATION,
  OWNER_ANNOTATION,
  registrationsOf,
  WORKLOAD_KINDS,
  type WorkloadObject,
  workloadObjects,
  workloadPlace,
} from "./kubernetes-objects.ts";
import { placeServices } from "./place-services.ts";
import { isReady, type ServiceState, serviceState } from "./service-states.ts";

/** Annotation of a HostReport, written by the host's agent: the Kubernetes node that the host is. (A label's value is too short for it.) */
const NODE_ANNOTATION = "pharos.io/node";

export interface WorkloadsInput {
  /** Valid documents; those that are not accepted now stay as they were. */
  readonly deployments: readonly ServiceDeployment[];
  /** Titles of documents that are there but not valid now: what runs for them stays. */
  readonly kept: ReadonlySet<string>;
  readonly reports: readonly HostReport[];
  /** Registry entries that are there; those of others are left alone. */
  readonly registrations: readonly ServiceRegistration[];
  /** Deployments and Services of ours that are there. */
  readonly objects: readonly KubernetesObject[];
  /** Keys (`keyOf`) of objects that are there and that others made: nothing is applied over them. */
  readonly taken?: ReadonlySet<string>;
  /** Why objects could not be written, by their keys. */
  readonly refusals?: ReadonlyMap<string, string>;
}

/** What to write so that the services run. */
export interface WorkloadsDecision {
  readonly apply: readonly WorkloadObject[];
  readonly remove: readonly KubernetesObject[];
  readonly register: readonly ServiceRegistration[];
  readonly unregister: readonly ObjectRef<"ServiceRegistration">[];
  /** Status per service, by the document's title. */
  readonly states: ReadonlyMap<string, readonly ServiceState[]>;
}

/** Decides which Deployments, Services and registry entries there should be, and how each service stands. */
export function decideWorkloads(input: WorkloadsInput): WorkloadsDecision {
  const found = new Map(input.objects.map((object) => [keyOf(object), object]));
  const nodeOf = new Map(input.reports.map(({ spec, metadata }) => [spec.host, metadata.annotations?.[NODE_ANNOTATION] ?? spec.host]));
  const foreign = input.objects.filter((object) => ownerTitle(object) === undefined).map(keyOf);
  const taken = new Set([...(input.taken ?? []), ...foreign]);
  const parts = input.deployments.map((document) =>
    decideDocument(document, { nodeOf, found, taken, refusals: input.refusals ?? new Map() }),
  );
  const objects = parts.flatMap((part) => part.objects);
  const registrations = parts.flatMap((part) => part.registrations);
  const wanted = new Set([...objects.map(keyOf), ...parts.flatMap((part) => part.left)]);
  const entries = new Map(registrations.map((entry) => [refText(refOf(entry)), entry]));
  const mayRemove = (owner: string | undefined) => owner !== undefined && !input.kept.has(owner);
  return {
    apply: objects.filter((object) => contentOf(found.get(keyOf(object))) !== contentOf(object)),
    remove: input.objects.filter((object) => mayRemove(ownerTitle(object)) && !wanted.has(keyOf(object))),
    register: registrations.filter((entry) => !input.registrations.some((there) => isSame(there, entry))),
    unregister: input.registrations
      .filter((there) => mayRemove(ownerTitle(there)) && !entries.has(refText(refOf(there))))
      .map((there) => refOf<"ServiceRegistration">(there)),
    states: new Map(parts.map(({ title, states }) => [title, states])),
  };
}

interface Surroundings {
  readonly nodeOf: ReadonlyMap<string, string>;
  readonly found: ReadonlyMap<string, KubernetesObject>;
  readonly taken: ReadonlySet<string>;
  readonly refusals: ReadonlyMap<string, string>;
}

function decideDocument(document: ServiceDeployment, { nodeOf, found, taken, refusals }: Surroundings) {
  const { services } = document.spec;
  const deploymentOf = (service: DeployedService) => found.get(keyOf(workloadPlace(document, service, "Deployment")));
  const named = (accept: (object: KubernetesObject | undefined) => boolean) =>
    new Set(services.filter((service) => accept(deploymentOf(service))).map(({ name }) => name));
  const refusalOf = (service: DeployedService) =>
    WORKLOAD_KINDS.map((kind) => refusals.get(keyOf(workloadPlace(document, service, kind)))).find((text) => text !== undefined);
  const placements = placeServices({
    services,
    nodeOf,
    running: named(isReady),
    started: named((object) => object !== undefined),
    taken: (service) => WORKLOAD_KINDS.map((kind) => keyOf(workloadPlace(document, service, kind))).find((key) => taken.has(key)),
  });
  return {
    title: documentTitle(document),
    objects: placements.flatMap((placed) => (placed.kind === "run" ? workloadObjects(document, placed.service, placed.node) : [])),
    /** Keys of what is neither changed nor removed: a service that can be placed nowhere now goes on where it runs. */
    left: placements.flatMap(({ kind, service }) =>
      kind === "misplaced" ? WORKLOAD_KINDS.map((each) => keyOf(workloadPlace(document, service, each))) : [],
    ),
    registrations: placements.flatMap((placed) => (placed.kind === "register" ? registrationsOf(document, placed.service) : [])),
    states: placements.map((placed) => serviceState(placed, deploymentOf(placed.service), refusalOf(placed.service))),
  };
}

/** Title of the ServiceDeployment that this was made for; undefined for what others made. */
function ownerTitle({ metadata }: { readonly metadata: { readonly annotations?: Readonly<Record<string, string>> } }): string | undefined {
  return metadata.annotations?.[OWNER_ANNOTATION];
}

/** Tells an object from all others of a cluster: `Service default/perception`. */
export function keyOf({
  kind,
  metadata,
}: {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}): string {
  return `${kind} ${metadata.namespace ?? ""}/${metadata.name}`;
}

function contentOf(object: KubernetesObject | undefined): string | undefined {
  return object?.metadata.annotations?.[CONTENT_ANNOTATION];
}

function isSame(there: ServiceRegistration, wanted: ServiceRegistration): boolean {
  return refText(refOf(there)) === refText(refOf(wanted)) && isDeepStrictEqual(there.spec, wanted.spec);
}
