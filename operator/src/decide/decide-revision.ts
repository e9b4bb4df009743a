import { type Finding, hasCode, hasErrors, type PharosError } from "@pharos/base";
import { type Allocation, type DocumentSet, documentSet, documentsOf, type RevisionContent, type VehicleDocument } from "@pharos/compiler";
import type { ConfigRevision, HostReport } from "@pharos/kinds";
import { type DecodedRevision, encodeRevision, type ObjectRef, revisionHash, STORE_REVISION_TOO_LARGE } from "@pharos/store";
import { OPERATOR_ROLLBACK_REFUSED } from "../codes.ts";
import type { CompilerPort } from "./compiler-port.ts";
import { factsByHost, highestReportedNumber, knownBlocks, leasesOf } from "./host-knowledge.ts";
import { blindness, hidesDocuments, type KindProblem, standIns } from "./kind-problems.ts";
import { documentsDigest, type Pin, type RollbackRequest } from "./rollback.ts";
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
  /** A rollback that is asked for, with what it goes back to; undefined content could not be read. */
  readonly rollback?: RollbackRequest & { readonly target: DecodedRevision | undefined };
  /** Kinds that cannot be followed. */
  readonly problems?: readonly KindProblem[];
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
  /**
   * All valid documents are in the newest revision, which is `create` when it has to be created. `pinned`: it holds the
   * documents of that revision instead, by a rollback.
   */
  | { readonly kind: "frozen"; readonly create?: ConfigRevision; readonly pinned?: number }
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
  /** Why the rollback that is asked for cannot be made. */
  readonly refusedRollback?: readonly Finding[];
}

/** Decides what to freeze. Pure: equal situations give equal decisions. */
export function decideRevision(situation: Situation, compiler: CompilerPort): Decision {
  const { last, problems = [] } = situation;
  const documents = [...situation.documents, ...standIns(problems, last)];
  const unchanged = {
    ...(last === undefined ? {} : { newest: last }),
    allocations: last?.content.allocations ?? statusAllocations(documents),
    prune: prunable(situation),
  };
  const unchecked: ValidDocuments = { documents: [], uses: new Map(), findings: [] };
  const blind = blindness(problems, last);
  if (blind.length > 0) return { ...unchanged, outcome: { kind: "refused", findings: blind }, valid: unchecked };
  const facts = factsByHost(situation.reports);
  const check = (candidates: readonly VehicleDocument[]) => (hasNode(candidates) ? compiler.check(documentSet(candidates), facts) : []);
  const lastDocuments = last === undefined ? [] : documentsOf(last.content.documents);
  const valid = hasNode(documents) ? validDocuments({ current: documents, last: lastDocuments, check }) : unchecked;
  const rolledBack = rollBack(situation, check, compiler);
  if (rolledBack?.outcome.kind === "frozen") return { ...unchanged, valid, ...rolledBack };
  const refusal = rolledBack?.outcome.kind === "refused" ? { refusedRollback: rolledBack.outcome.findings } : {};
  return { ...unchanged, ...refusal, valid, ...freezeValid(situation, valid, compiler) };
}

type Frozen = Pick<Decision, "outcome"> & Partial<Pick<Decision, "newest" | "allocations">>;

function freezeValid(situation: Situation, { documents, findings }: ValidDocuments, compiler: CompilerPort): Frozen {
  const { last, problems = [] } = situation;
  const pin = last?.pin;
  const stands = pin !== undefined && (hidesDocuments(problems) || pin.documents === documentsDigest(situation.documents));
  if (stands) return freezeDocuments(situation, { documents: last?.content.documents ?? documentSet([]), pin }, compiler);
  if (documents === undefined) return { outcome: { kind: "refused", findings } };
  if (!hasNode(documents)) return { outcome: { kind: "no vehicle" } };
  return freezeDocuments(situation, { documents: documentSet(documents) }, compiler);
}

/** What the requested rollback makes; undefined when none is asked for. */
function rollBack(
  situation: Situation,
  check: (documents: readonly VehicleDocument[]) => readonly Finding[],
  compiler: CompilerPort,
): Frozen | undefined {
  const { rollback } = situation;
  if (rollback === undefined) return undefined;
  const { id, object, target } = rollback;
  const { number } = object.spec;
  if (target === undefined) return { outcome: { kind: "refused", findings: [cannotRollBack(`revision ${number} cannot be read`)] } };
  const findings = check(documentsOf(target.content.documents));
  if (hasErrors(findings)) return { outcome: { kind: "refused", findings } };
  const pin = { number, request: id, documents: documentsDigest(situation.documents) };
  return freezeDocuments(situation, { documents: target.content.documents, pin, always: true }, compiler);
}

interface Freezable {
  readonly documents: DocumentSet;
  readonly pin?: Pin;
  /** Makes a revision also where the newest one has the same content. */
  readonly always?: boolean;
}

function freezeDocuments(situation: Situation, { documents, ...how }: Freezable, compiler: CompilerPort): Frozen {
  const { last, reports } = situation;
  const hosts = compiler.hosts(documents);
  const silent = hosts.map(({ name }) => name).filter((host) => !reports.some(({ metadata }) => metadata.name === host));
  if (last === undefined && !situation.adopted && silent.length > 0) return { outcome: { kind: "waiting", hosts: silent } };
  const status = statusAllocations(situation.documents);
  const known = knownBlocks({ revision: last?.content.allocations ?? [], status, reports });
  const { value: allocations, findings } = compiler.allocate(documents, known);
  if (hasErrors(findings)) return { outcome: { kind: "refused", findings } };
  const leases = leasesOf(hosts, reports, last?.content.leases ?? []);
  return { allocations, ...freezeContent(situation, { ...how, content: { documents, allocations, leases } }, compiler) };
}

interface FreezableContent extends Omit<Freezable, "documents"> {
  readonly content: RevisionContent;
}

function freezeContent(situation: Situation, { content, pin, always = false }: FreezableContent, compiler: CompilerPort): Frozen {
  const { last, epoch } = situation;
  const canonical = compiler.canonicalJson(content);
  const pinned = pin === undefined ? {} : { pinned: pin.number };
  if (!always && last !== undefined && last.hash === revisionHash(canonical)) return { outcome: { kind: "frozen", ...pinned } };
  const number = Math.max(highestReportedNumber(situation.reports), ...situation.revisions.map((entry) => entry.number)) + 1;
  const why = pin === undefined ? {} : { pin, reason: `rollback to ${pin.number}` };
  try {
    const packed = encodeRevision(canonical);
    const create: ConfigRevision = {
      apiVersion: "pharos.io/v1",
      kind: "ConfigRevision",
      metadata: { name: `r${number}` },
      spec: { epoch, number, ...packed, ...why },
    };
    const newest = { epoch, number, hash: packed.hash, content, ...(pin === undefined ? {} : { pin }) };
    return { outcome: { kind: "frozen", create, ...pinned }, newest };
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

function cannotRollBack(description: string): Finding {
  const { code, action } = OPERATOR_ROLLBACK_REFUSED;
  return { code, severity: "ERROR", path: "", description, recommendation: action };
}

function statusAllocations(documents: readonly VehicleDocument[]): readonly Allocation[] {
  return documents.flatMap((document) => (document.kind === "Bridge" ? (document.status?.allocations ?? []) : []));
}

/** The oldest ones, beyond those that are kept; what some host runs or a rollback names stays. */
function prunable({ revisions, reports, last, problems = [] }: Situation): readonly ObjectRef<"ConfigRevision">[] {
  if (problems.some(({ kind, known }) => kind === "HostReport" && !known)) return [];
  const running = new Set(reports.map(({ status }) => status?.revision?.hash));
  return [...revisions]
    .sort((a, b) => b.number - a.number)
    .slice(KEPT_REVISIONS)
    .filter(({ hash, number }) => !running.has(hash) && number !== last?.pin?.number)
    .map(({ name }) => ({ kind: "ConfigRevision", name }));
}
