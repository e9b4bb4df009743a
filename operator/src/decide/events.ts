import type { Finding } from "@pharos/base";
import { documentTitle, type VehicleDocument } from "@pharos/compiler";
import type { ConfigRevision } from "@pharos/kinds";
import { type HomeEvent, refOf } from "@pharos/store";
import type { StatusChange } from "./document-status.ts";
import type { RevisionName } from "./roll-out.ts";

/** Told when a revision was made. */
export function frozenEvent(revision: ConfigRevision): HomeEvent {
  const { number, pin } = revision.spec;
  const regarding = refOf<"ConfigRevision">(revision);
  return pin === undefined
    ? { regarding, type: "Normal", reason: "Frozen", note: `revision ${number} was made from the documents` }
    : { regarding, type: "Normal", reason: "RolledBack", note: `revision ${number} was made: rollback to ${pin.number}` };
}

/** Told when a document is refused, and when the reason of the refusal changes. */
export function refusedEvents({ document, status }: StatusChange): readonly HomeEvent[] {
  const now = status.conditions?.find(({ type }) => type === "Accepted");
  const before = document.status?.conditions?.find(({ type }) => type === "Accepted");
  if (now?.status !== "False" || (before?.status === "False" && before.message === now.message)) return [];
  return [warning(document, "Invalid", `${documentTitle(document)}: ${now.message ?? ""}`)];
}

/** Told when hosts went back from a revision. */
export function rejectedEvent(revision: RevisionName, name: string, message: string): HomeEvent {
  return {
    regarding: { kind: "ConfigRevision", name },
    type: "Warning",
    reason: "Rejected",
    note: clipped(message === "" ? `revision ${revision.number} was rejected` : message),
  };
}

/** Something about all documents together, told where people look first: at the Node. */
export function vehicleEvents(documents: readonly VehicleDocument[], reason: string, note: string): readonly HomeEvent[] {
  return documents.filter(({ kind }) => kind === "Node").map((node) => warning(node, reason, note));
}

/** Findings in one line, with code and path. */
export function findingsLine(findings: readonly Finding[]): string {
  return findings
    .filter(({ severity }) => severity === "ERROR")
    .map(({ code, path, description }) => `${code} ${path === "" ? "" : `${path}: `}${description}`)
    .join("; ");
}

function warning(document: VehicleDocument, reason: string, note: string): HomeEvent {
  return { regarding: refOf(document), type: "Warning", reason, note: clipped(note) };
}

function clipped(note: string): string {
  return note.slice(0, 1024);
}
