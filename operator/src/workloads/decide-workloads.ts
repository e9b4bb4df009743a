import { isDeepStrictEqual } from "node:util";
import { documentTitle } from "@pharos/compiler";
import type { HostReport, ServiceDeployment, ServiceRegistration } from "@pharos/kinds";
import type { KubernetesObject, ObjectRef } from "@pharos/store";
import { refOf, refText } from "@pharos/store";
import {
  CONTENT_ANNOTATION,
  OWNER_ANNOTATION,
  objectName,
  registrationsOf,
  type WorkloadObject,
  workloadObjects,
} from "./kubernetes-objects.ts";
import { placeServices } from "./place-services.ts";
import { isReady, type ServiceState, serviceState } from "./service-states.ts";

/** Label of a HostReport: the Kubernetes node that the host is. */
export const NODE_LABEL = "pharos.io/node";

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
  const nodeOf = new Map(input.reports.map(({ spec, metadata }) => [spec.host, metadata.labels?.[NODE_LABEL] ?? spec.host]));
  const parts = input.deployments.map((document) => decideDocument(document, nodeOf, found));
  const objects = parts.flatMap((part) => part.objects);
  const registrations = parts.flatMap((part) => part.registrations);
  const wanted = new Set(objects.map(keyOf));
  const entries = new Map(registrations.map((entry) => [refText(refOf(entry)), entry]));
  const keptUids = (owner: string | undefined) => owner !== undefined && input.kept.has(owner);
  return {
    apply: objects.filter((object) => contentOf(found.get(keyOf(object))) !== contentOf(object)),
    remove: input.objects.filter((object) => !wanted.has(keyOf(object)) && !keptUids(ownerTitle(object))),
    register: registrations.filter((entry) => !input.registrations.some((there) => isSame(there, entry))),
    unregister: input.registrations
      .filter((there) => ownerTitle(there) !== undefined && !keptUids(ownerTitle(there)) && !entries.has(refText(refOf(there))))
      .map((there) => refOf<"ServiceRegistration">(there)),
    states: new Map(parts.map(({ title, states }) => [title, states])),
  };
}

function decideDocument(document: ServiceDeployment, nodeOf: ReadonlyMap<string, string>, found: ReadonlyMap<string, KubernetesObject>) {
  const { namespace = "default" } = document.metadata;
  const { services } = document.spec;
  const deploymentOf = (name: string) => found.get(keyOf({ kind: "Deployment", metadata: { namespace, name: objectName(name, 63) } }));
  const named = (accept: (object: KubernetesObject | undefined) => boolean) =>
    new Set(services.map(({ name }) => name).filter((name) => accept(deploymentOf(name))));
  const placements = placeServices({ services, nodeOf, running: named(isReady), started: named((object) => object !== undefined) });
  return {
    title: documentTitle(document),
    objects: placements.flatMap((placed) => (placed.kind === "run" ? workloadObjects(document, placed.service, placed.node) : [])),
    registrations: placements.flatMap((placed) => (placed.kind === "register" ? registrationsOf(document, placed.service) : [])),
    states: placements.map((placed) => serviceState(placed, deploymentOf(placed.service.name))),
  };
}

/** Title of the ServiceDeployment that this was made for; undefined for what others made. */
function ownerTitle({ metadata }: { readonly metadata: { readonly annotations?: Readonly<Record<string, string>> } }): string | undefined {
  return metadata.annotations?.[OWNER_ANNOTATION];
}

function keyOf({
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
