import { isDeepStrictEqual } from "node:util";
import { type DocumentSet, documentTitle, type VehicleDocument } from "@pharos/compiler";
import type { HostReport, Node } from "@pharos/kinds";
import { type DecodedRevision, type ObjectRef, refText } from "@pharos/store";

/** What has become of a change, as far as the store shows it. */
export type Outcome =
  /** `missing`: of all hosts that should run it none is reachable. */
  | { readonly kind: "waiting"; readonly reason: string; readonly missing?: readonly string[] }
  | {
      readonly kind: "committed";
      readonly revision: DecodedRevision;
      readonly hosts: readonly string[];
      readonly pending: readonly string[];
    }
  | { readonly kind: "failed"; readonly reason: string };

export interface OutcomeInput {
  /** The documents as the store holds them after the write. */
  readonly written: readonly VehicleDocument[];
  readonly deleted: readonly ObjectRef[];
  /** The same documents now, with their conditions. */
  readonly current: readonly VehicleDocument[];
  readonly newest: DecodedRevision | undefined;
  readonly reports: readonly HostReport[];
  /** True when the write changed nothing: then a rollback that hides these documents does not end by it. */
  readonly isUnchanged?: boolean;
  /** Undefined: every host with a report. */
  readonly connected: ReadonlySet<string> | undefined;
}

/**
 * Whether every reachable host runs a revision that holds the change. The revision is recognised by its content: it
 * must hold what was written and lack what was deleted; so an equal change is found in the revision that exists.
 */
export function outcomeOf(input: OutcomeInput): Outcome {
  const refusal = input.current.map((document) => refusedCondition(document, input)).find((text) => text !== undefined);
  if (refusal !== undefined) return { kind: "failed", reason: refusal };
  const { newest } = input;
  if (newest === undefined || !holds(newest.content.documents, input))
    return { kind: "waiting", reason: "the operator has not frozen the documents yet" };
  return revisionOutcome(newest, input.reports, input.connected);
}

/** Reasons of the operator's condition Frozen=False that time alone does not mend. */
const REFUSALS = ["Refused", "LastValidVersion", "LeftOut", "NoNode"];

/** The operator says of this very generation that it does not freeze it. */
function refusedCondition(current: VehicleDocument, { written, isUnchanged }: OutcomeInput): string | undefined {
  const mine = written.find((document) => documentTitle(document) === documentTitle(current));
  if (mine === undefined || mine.metadata.generation !== current.metadata.generation) return undefined;
  const frozen = current.status?.conditions?.find(({ type }) => type === "Frozen");
  if (
    frozen?.status !== "False" ||
    !(REFUSALS.includes(frozen.reason ?? "") || (isUnchanged === true && frozen.reason === "OutOfSync")) ||
    (frozen.observedGeneration ?? 0) < (current.metadata.generation ?? 0)
  )
    return undefined;
  return `${documentTitle(current)} was not frozen: ${frozen.message ?? frozen.reason ?? "no reason given"}`;
}

function holds(documents: DocumentSet, { written, deleted }: OutcomeInput): boolean {
  const all = [
    ...documents.nodes,
    ...documents.bridges,
    ...documents.routingConfigs,
    ...documents.securityConfigs,
    ...documents.serviceDeployments,
  ];
  const specs = new Map(all.map((document) => [documentTitle(document), document.spec]));
  return (
    written.every((document) => isDeepStrictEqual(specs.get(documentTitle(document)), document.spec)) &&
    deleted.every((ref) => !specs.has(refText(ref)))
  );
}

/** Whether every reachable host runs the revision; `connected` undefined: every host with a report counts as reachable. */
export function revisionOutcome(
  revision: DecodedRevision,
  reports: readonly HostReport[],
  connected: ReadonlySet<string> | undefined,
): Outcome {
  const byHost = new Map(reports.map((report) => [report.spec.host, report]));
  const expected = managedHosts(revision.content.documents.nodes);
  const reachable = expected.filter((host) => connected?.has(host) ?? byHost.has(host));
  const pending = expected.filter((host) => !reachable.includes(host));
  if (reachable.length === 0)
    return { kind: "waiting", reason: `no host is reachable (${expected.join(", ") || "the Node document has none"})`, missing: expected };
  const waiting: string[] = [];
  for (const host of reachable) {
    const status = byHost.get(host)?.status;
    const rejected = status?.rejected?.find(({ epoch, number }) => epoch === revision.epoch && number === revision.number);
    if (rejected !== undefined) return { kind: "failed", reason: `${host} went back from revision ${revision.number}: ${rejected.reason}` };
    const runs = status?.revision;
    const isCommitted = status?.state === "Committed" && runs?.epoch === revision.epoch && runs.number >= revision.number;
    if (!isCommitted) waiting.push(`${host} ${standing(status)}`);
  }
  if (waiting.length > 0) return { kind: "waiting", reason: `revision ${revision.number}: ${waiting.join("; ")}` };
  return { kind: "committed", revision, hosts: reachable, pending };
}

/** SoCs and VMs that run an agent, in document order. */
export function managedHosts(nodes: readonly Node[]): readonly string[] {
  const hosts = nodes.flatMap(({ spec }) => spec.socs.flatMap((soc) => [soc, ...(soc.vms ?? [])]));
  return hosts.filter(({ managed }) => managed !== false).map(({ name }) => name);
}

function standing(status: HostReport["status"]): string {
  if (status === undefined) return "has not reported";
  const ready = status.conditions?.find(({ type }) => type === "Ready");
  return `is ${status.state} at revision ${status.revision?.number ?? "none"}${ready?.message === undefined ? "" : ` (${ready.message})`}`;
}
