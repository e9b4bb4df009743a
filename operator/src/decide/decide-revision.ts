import { type Finding, hasCode, hasErrors, type PharosError } from "@pharos/base";
import { type Allocation, type DocumentSet, documentSet, documentsOf, type RevisionContent, type VehicleDocument } from "@pharos/compiler";
import type { ConfigRevision, HostReport } from "@pharos/kinds";
import { type DecodedRevision, encodeRevision, type ObjectRef, revisionHash, STORE_REVISION_TOO_LARGE } from "@pharos/store";
import type { CompilerPort } from "./compiler-port.ts";
import { factsByHost, highestReportedNumber, knownBlocks, leasesOf } from "./host-knowledge.ts";
import { type ValidDocuments, validDocuments } from "./valid-documents.ts";

/** Revisions that are kept, besides those that some host runs. */
export const KEPT_REVISIONS = 20;

/** All that the operator knows when it decides. */
export interface Situation {
  readonly epoch: string;
  /** Documents as they are now. */
  readonly documents: readonly VehicleDocument[];
  /** ConfigRevisions in the store; `last` is the newest of them that can be read. */
  readonly revisions: readonly RevisionEntry[];
  readonly last?: DecodedRevision;
  readonly reports: readonly HostReport[];
  /** False while a new store still waits for hosts to report their blocks. */
  readonly adopted: boolean;
  /** Wall clock in ms. */
  readonly now: number;
}

interface RevisionEntry {
  readonly name: string;
  readonly number: number;
  readonly hash: string;
}

/** What became of the documents. */
type Outcome =
  /** All valid documents are in the newest revision, which is `create` when it has to be created. */
  | { readonly kind: "frozen"; readonly create?: ConfigRevision }
  /** Without a Node document the last revision stays. */
  | { readonly kind: "no vehicle" }
  /** A new store waits for these hosts to tell which blocks they hold. */
  | { readonly kind: "waiting"; readonly hosts: readonly string[] }
  /** Errors that no replacement of a document mends; or the result is too large. */
  | { readonly kind: "refused"; readonly findings: readonly Finding[] };

export interface Decision {
  readonly outcome: Outcome;
  readonly valid: ValidDocuments;
  /** The newest revision, counting the one that is to be created; undefined in a store that has none. */
  readonly newest?: DecodedRevision;
  readonly allocations: readonly Allocation[];
  readonly prune: readonly ObjectRef<"ConfigRevision">[];
}

/** Decides what to freeze. Pure: equal situations give equal decisions. */
export function decideRevision(situation: Situation, compiler: CompilerPort): Decision {
  const { documents, last } = situation;
  const unchanged = {
    ...(last === undefined ? {} : { newest: last }),
    allocations: last?.content.allocations ?? statusAllocations(documents),
    prune: prunable(situation),
  };
  if (!hasNode(documents)) return { ...unchanged, outcome: { kind: "no vehicle" }, valid: { uses: new Map(), findings: [] } };
  const facts = factsByHost(situation.reports);
  const check = (candidates: readonly VehicleDocument[]) => (hasNode(candidates) ? compiler.check(documentSet(candidates), facts) : []);
  const valid = validDocuments({ current: documents, last: last === undefined ? [] : documentsOf(last.content.documents), check });
  if (valid.documents === undefined) return { ...unchanged, outcome: { kind: "refused", findings: valid.findings }, valid };
  if (!hasNode(valid.documents)) return { ...unchanged, outcome: { kind: "no vehicle" }, valid };
  return { ...unchanged, valid, ...freezeDocuments(situation, documentSet(valid.documents), compiler) };
}

type Frozen = Pick<Decision, "outcome"> & Partial<Pick<Decision, "newest" | "allocations">>;

function freezeDocuments(situation: Situation, documents: DocumentSet, compiler: CompilerPort): Frozen {
  const { last, reports } = situation;
  const hosts = compiler.hosts(documents);
  const silent = hosts.map(({ name }) => name).filter((host) => !reports.some(({ metadata }) => metadata.name === host));
  if (last === undefined && !situation.adopted && silent.length > 0) return { outcome: { kind: "waiting", hosts: silent } };
  const status = statusAllocations(situation.documents);
  const known = knownBlocks({ revision: last?.content.allocations ?? [], status, reports });
  const { value: allocations, findings } = compiler.allocate(documents, known);
  if (hasErrors(findings)) return { outcome: { kind: "refused", findings } };
  const leases = leasesOf(hosts, reports, last?.content.leases ?? []);
  return { allocations, ...freezeContent(situation, { documents, allocations, leases }, compiler) };
}

function freezeContent(situation: Situation, content: RevisionContent, compiler: CompilerPort): Frozen {
  const { last, epoch } = situation;
  const canonical = compiler.canonicalJson(content);
  if (last !== undefined && last.hash === revisionHash(canonical)) return { outcome: { kind: "frozen" } };
  const number = Math.max(highestReportedNumber(situation.reports), ...situation.revisions.map((entry) => entry.number)) + 1;
  try {
    const packed = encodeRevision(canonical);
    const create: ConfigRevision = {
      apiVersion: "pharos.io/v1",
      kind: "ConfigRevision",
      metadata: { name: `r${number}` },
      spec: { epoch, number, ...packed },
    };
    return { outcome: { kind: "frozen", create }, newest: { epoch, number, hash: packed.hash, content } };
  } catch (error) {
    if (!hasCode(error, STORE_REVISION_TOO_LARGE)) throw error;
    return { outcome: { kind: "refused", findings: [tooLarge(error)] } };
  }
}

function hasNode(documents: readonly VehicleDocument[]): boolean {
  return documents.some(({ kind }) => kind === "Node");
}

function tooLarge({ code, message, action }: PharosError): Finding {
  return { code, severity: "ERROR", path: "", description: message, recommendation: action };
}

function statusAllocations(documents: readonly VehicleDocument[]): readonly Allocation[] {
  return documents.flatMap((document) => (document.kind === "Bridge" ? (document.status?.allocations ?? []) : []));
}

/** The oldest ones, beyond those that are kept; what some host runs stays. */
function prunable({ revisions, reports }: Situation): readonly ObjectRef<"ConfigRevision">[] {
  const running = new Set(reports.map(({ status }) => status?.revision?.hash));
  return [...revisions]
    .sort((a, b) => b.number - a.number)
    .slice(KEPT_REVISIONS)
    .filter(({ hash }) => !running.has(hash))
    .map(({ name }) => ({ kind: "ConfigRevision", name }));
}
