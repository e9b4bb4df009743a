import { isDeepStrictEqual } from "node:util";
import type { Finding } from "@pharos/base";
import { type Allocation, documentsOf, documentTitle, type VehicleDocument } from "@pharos/compiler";
import type { Bridge, Condition, HostReport } from "@pharos/kinds";
import type { DecodedRevision } from "@pharos/store";
import type { ServiceState } from "../workloads/service-states.ts";
import { findingsText, type Verdict, withVerdicts } from "./conditions.ts";
import type { Decision } from "./decide-revision.ts";
import type { KindProblem } from "./kind-problems.ts";
import { inSync } from "./roll-out.ts";

/** A status to write. */
export interface StatusChange {
  readonly document: VehicleDocument;
  readonly status: NonNullable<VehicleDocument["status"]>;
}

export interface StatusInput {
  /** Managed hosts that the newest revision is for. */
  readonly hosts: readonly string[];
  readonly documents: readonly VehicleDocument[];
  readonly reports: readonly HostReport[];
  readonly decision: Decision;
  /** Hosts whose agents can be reached now; undefined where nobody knows. */
  readonly reachable?: ReadonlySet<string>;
  /** Kinds that cannot be followed. */
  readonly problems?: readonly KindProblem[];
  /** How each service stands, by the document's title; absent for documents whose services are left as they are. */
  readonly services?: ReadonlyMap<string, readonly ServiceState[]>;
  /** Wall clock in ms. */
  readonly now: number;
}

/** The statuses that differ from what stands in the documents now. */
export function statusChanges(input: StatusInput): readonly StatusChange[] {
  return input.documents.flatMap((document) => {
    const status = statusOf(document, input);
    return isDeepStrictEqual(status, document.status) ? [] : [{ document, status }];
  });
}

function statusOf(document: VehicleDocument, input: StatusInput): NonNullable<VehicleDocument["status"]> {
  const { decision, now } = input;
  const own = decision.valid.findings.filter(({ source }) => source?.document === documentTitle(document));
  const before = document.status?.conditions ?? [];
  const access = document.kind === "Node" ? accessVerdicts(before, input.problems ?? []) : [];
  const verdicts = [acceptedVerdict(own), ...freezeVerdicts(document, input), ...access];
  const conditions = withVerdicts(before, verdicts, { generation: document.metadata.generation ?? 0, now });
  const kept = { ...document.status, conditions };
  if (document.kind === "Bridge") return { ...kept, allocations: allocationsOf(document, decision.allocations) };
  const services = input.services?.get(documentTitle(document));
  return services === undefined ? kept : { ...kept, services };
}

/** Whether the operator sees all kinds; nothing is said of it until it does not. */
function accessVerdicts(before: readonly Condition[], problems: readonly KindProblem[]): readonly Verdict[] {
  const [first] = problems;
  if (first !== undefined) {
    const message = problems.map(({ kind, message }) => `${kind}: ${message}`).join("\n");
    return [{ type: "StoreAccess", status: "False", reason: first.reason, message }];
  }
  const told = before.some(({ type }) => type === "StoreAccess");
  return told ? [{ type: "StoreAccess", status: "True", reason: "AllKinds", message: "all kinds can be read" }] : [];
}

/** Frozen and InSync. */
function freezeVerdicts(document: VehicleDocument, { decision, reports, hosts, reachable }: StatusInput): readonly Verdict[] {
  const { newest, outcome } = decision;
  if (newest !== undefined && isIn(newest, document)) {
    return [
      { type: "Frozen", status: "True", reason: "InRevision", message: "it is in the newest revision" },
      inSync(newest, { hosts, reports, ...(reachable === undefined ? {} : { reachable }) }),
    ];
  }
  if (outcome.kind === "frozen" && outcome.pinned !== undefined) {
    const message = `the vehicle was rolled back to revision ${outcome.pinned}; this document counts again as soon as any document is changed`;
    return (["Frozen", "InSync"] as const).map((type) => ({ type, status: "False", reason: "OutOfSync", message }));
  }
  return [
    { type: "Frozen", ...reasonNotFrozen(document, decision) },
    { type: "InSync", status: "False", reason: "NotFrozen", message: "the hosts run without this version of the document" },
  ];
}

function isIn(revision: DecodedRevision, document: VehicleDocument): boolean {
  const name = documentTitle(document);
  const frozen = documentsOf(revision.content.documents).find((candidate) => documentTitle(candidate) === name);
  return frozen !== undefined && isDeepStrictEqual(frozen.spec, document.spec);
}

function acceptedVerdict(findings: readonly Finding[]): Verdict {
  const invalid = findings.some(({ severity }) => severity === "ERROR");
  return {
    type: "Accepted",
    status: invalid ? "False" : "True",
    reason: invalid ? "Invalid" : findings.length > 0 ? "ValidWithFindings" : "Valid",
    message: findingsText(findings),
  };
}

/** Why this version of the document is not in the newest revision. `Unknown` says that it may come by itself. */
function reasonNotFrozen(document: VehicleDocument, { outcome, valid }: Decision): Omit<Verdict, "type"> {
  const no = (reason: string, message: string) => ({ status: "False", reason, message }) as const;
  switch (outcome.kind) {
    case "no vehicle":
      return no("NoNode", "there is no valid Node document; the last revision stays");
    case "waiting":
      return { status: "Unknown", reason: "WaitingForHosts", message: `a new store waits for the reports of ${outcome.hosts.join(", ")}` };
    case "refused":
      return no(
        "Refused",
        `no revision is made, the last one stays\n${findingsText(outcome.findings.filter(({ severity }) => severity === "ERROR"))}`,
      );
    case "frozen":
      return valid.uses.get(documentTitle(document)) === "none"
        ? no("LeftOut", "it has errors and no valid version before; the revision is without it")
        : no("LastValidVersion", "it has errors; its last valid version is in the revision");
  }
}

function allocationsOf(bridge: Bridge, allocations: readonly Allocation[]): NonNullable<Bridge["status"]>["allocations"] {
  const names = new Set(bridge.spec.bridges.map(({ name }) => name));
  return allocations.filter((allocation) => names.has(allocation.bridge));
}
