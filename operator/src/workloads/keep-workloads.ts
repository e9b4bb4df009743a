import { documentTitle, type VehicleDocument } from "@pharos/compiler";
import type { HostReport, ServiceDeployment, ServiceRegistration } from "@pharos/kinds";
import type { Home, KubernetesObject, Workloads } from "@pharos/store";
import type { Decision } from "../decide/decide-revision.ts";
import { decideWorkloads, keyOf, type WorkloadsDecision } from "./decide-workloads.ts";

export interface WorkloadsSituation {
  readonly documents: readonly VehicleDocument[];
  readonly reports: readonly HostReport[];
  readonly registrations: readonly ServiceRegistration[];
  readonly decision: Decision;
  /** Why objects could not be written, by their keys. */
  readonly refusals: ReadonlyMap<string, string>;
}

const KINDS = [
  { apiVersion: "apps/v1", kind: "Deployment" },
  { apiVersion: "v1", kind: "Service" },
] as const;

/** What to do for the services, or why that cannot be told now: then what is there stays as it is. */
export type WorkloadsSurvey =
  | { readonly kind: "decided"; readonly decision: WorkloadsDecision }
  | { readonly kind: "unseen"; readonly failure: unknown };

/**
 * Sees what runs for the services and decides what should. Without a platform below there are only registry entries. What it may not see
 * is told beside the round: the network does not wait for workloads.
 */
export async function surveyWorkloads(home: Pick<Home, "workloads">, situation: WorkloadsSituation): Promise<WorkloadsSurvey> {
  try {
    return { kind: "decided", decision: await survey(home, situation) };
  } catch (failure) {
    return { kind: "unseen", failure };
  }
}

async function survey({ workloads }: Pick<Home, "workloads">, situation: WorkloadsSituation): Promise<WorkloadsDecision> {
  const { documents, reports, registrations, decision, refusals } = situation;
  const all = documents.filter((document): document is ServiceDeployment => document.kind === "ServiceDeployment");
  const faulty = new Set(decision.valid.findings.flatMap(({ severity, source }) => (severity === "ERROR" ? [source?.document] : [])));
  const invalid = all.map(documentTitle).filter((title) => faulty.has(title));
  const objects: KubernetesObject[] = [];
  // Without any document left, Kubernetes' garbage collection removes what they owned.
  for (const kind of all.length === 0 ? [] : KINDS) objects.push(...((await workloads?.list(kind)) ?? []));
  const input = {
    deployments: all.filter((document) => !invalid.includes(documentTitle(document))),
    kept: new Set(invalid),
    reports: workloads === undefined ? [] : reports,
    registrations,
    objects,
    refusals,
  };
  const decided = decideWorkloads(input);
  const taken = workloads === undefined ? [] : await takenKeys(workloads, decided.apply, objects);
  return taken.length === 0 ? decided : decideWorkloads({ ...input, taken: new Set(taken) });
}

/** Of the objects that are to be made: those in whose place something of others is. */
async function takenKeys(
  workloads: Workloads,
  apply: readonly KubernetesObject[],
  objects: readonly KubernetesObject[],
): Promise<readonly string[]> {
  const there = new Set(objects.map(keyOf));
  const keys: string[] = [];
  for (const object of apply) if (!there.has(keyOf(object)) && (await workloads.isTaken(object))) keys.push(keyOf(object));
  return keys;
}
