import { hasCode } from "@pharos/base";
import { documentTitle, type VehicleDocument } from "@pharos/compiler";
import type { HostReport, ServiceDeployment, ServiceRegistration } from "@pharos/kinds";
import { type Home, type KubernetesObject, STORE_EXISTS, type Workloads } from "@pharos/store";
import { unlessGone } from "../act.ts";
import type { Decision } from "../decide/decide-revision.ts";
import { decideWorkloads, keyOf, type WorkloadsDecision } from "./decide-workloads.ts";

export interface WorkloadsSituation {
  readonly documents: readonly VehicleDocument[];
  readonly reports: readonly HostReport[];
  readonly registrations: readonly ServiceRegistration[];
  readonly decision: Decision;
}

const KINDS = [
  { apiVersion: "apps/v1", kind: "Deployment" },
  { apiVersion: "v1", kind: "Service" },
] as const;

/** What to do for the services, or why that cannot be told now. */
export interface WorkloadsSurvey extends WorkloadsDecision {
  readonly failure?: unknown;
}

const NOTHING: WorkloadsDecision = { apply: [], remove: [], register: [], unregister: [], states: new Map() };

/**
 * Sees what runs for the services and decides what should. Without a platform below there are only registry entries. What it may not see
 * is for `actOnWorkloads` to tell: the network does not wait for workloads.
 */
export async function surveyWorkloads(home: Pick<Home, "workloads">, situation: WorkloadsSituation): Promise<WorkloadsSurvey> {
  try {
    return await survey(home, situation);
  } catch (failure) {
    return { ...NOTHING, failure };
  }
}

async function survey({ workloads }: Pick<Home, "workloads">, situation: WorkloadsSituation): Promise<WorkloadsDecision> {
  const { documents, reports, registrations, decision } = situation;
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

interface Writers {
  readonly store: Pick<Home["store"], "create" | "update" | "delete">;
  readonly workloads?: Workloads;
}

/** Carries the decision out, each object for itself; throws the first failure at the end, and the next round goes on from what is there. */
export async function actOnWorkloads({ store, workloads }: Writers, decision: WorkloadsSurvey): Promise<void> {
  const failures: unknown[] = "failure" in decision ? [decision.failure] : [];
  const attempt = (work: Promise<unknown>) => work.catch((error: unknown) => void failures.push(error));
  for (const entry of decision.register) await attempt(register(store, entry));
  for (const ref of decision.unregister) await attempt(unlessGone(store.delete(ref)));
  if (workloads !== undefined) {
    for (const object of decision.apply) await attempt(workloads.apply(object));
    for (const object of decision.remove) await attempt(workloads.delete(object));
  }
  if (failures.length > 0) throw failures[0];
}

async function register(store: Writers["store"], entry: ServiceRegistration): Promise<void> {
  try {
    await store.create<"ServiceRegistration">(entry);
  } catch (error) {
    if (!hasCode(error, STORE_EXISTS)) throw error;
    await store.update<"ServiceRegistration">(entry);
  }
}
