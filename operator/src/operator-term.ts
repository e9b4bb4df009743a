import { describeError, hasCode, PharosError } from "@pharos/base";
import { documentsOf, documentTitle, type VehicleDocument } from "@pharos/compiler";
import { type DecodedRevision, STORE_DENIED, STORE_UNAVAILABLE } from "@pharos/store";
import { act } from "./act.ts";
import { OPERATOR_CHANGE_INCOMPLETE, OPERATOR_WORKLOAD_REFUSED } from "./codes.ts";
import { compilerPort } from "./compiler.ts";
import type { CompilerPort } from "./decide/compiler-port.ts";
import { type Decision, decideRevision, type Situation } from "./decide/decide-revision.ts";
import { statusChanges } from "./decide/document-status.ts";
import { findingsLine, vehicleEvents } from "./decide/events.ts";
import { isDone, rollbackRequests } from "./decide/rollback.ts";
import type { Readiness } from "./decide/settle.ts";
import { GoneHosts } from "./gone-hosts.ts";
import { markCommitted } from "./mark-committed.ts";
import { NewestRevision } from "./newest-revision.ts";
import type { OperatorOptions } from "./operator-options.ts";
import { PendingChanges } from "./pending-changes.ts";
import type { StoreView } from "./store-view.ts";
import { surveyWorkloads, type WorkloadsSurvey } from "./workloads/keep-workloads.ts";
import { WorkloadWriter } from "./workloads/workload-writer.ts";

const ADOPTION_WAIT = 10_000;
/** Until it is looked again whether workloads can be seen, in ms. */
const LOOK_AGAIN = 10_000;

/** What the operator remembers between the rounds of one leadership; nothing of it has to survive a restart. */
export class OperatorTerm {
  readonly #options: OperatorOptions;
  readonly #view: StoreView;
  readonly #compiler: CompilerPort;
  readonly #newest: NewestRevision;
  readonly #adoptUntil: number;
  readonly #goneHosts: GoneHosts;
  readonly #workloads: WorkloadWriter;
  #pending: PendingChanges | undefined;
  #told = "";
  #unseen = "";

  /** `onChange`: after something that the next round has to tell of. */
  constructor(options: OperatorOptions, view: StoreView, onChange: () => void) {
    const { home, clock, log, random = Math.random } = options;
    const { store, workloads } = home;
    this.#options = options;
    this.#workloads = new WorkloadWriter({ store, clock, log, random, onChange, ...(workloads === undefined ? {} : { workloads }) });
    this.#compiler = options.compiler ?? compilerPort;
    this.#view = view;
    this.#newest = new NewestRevision(options.log);
    this.#goneHosts = new GoneHosts(options);
    this.#adoptUntil = options.clock.monotonic() + (options.adoptionWait ?? ADOPTION_WAIT);
  }

  /** One round. Returns when the next one is due without a change, in monotonic ms. */
  async round(): Promise<number | undefined> {
    const due = [await this.#revise(), await this.#goneHosts.collect(this.#view.reports())].filter((at) => at !== undefined);
    return due.length === 0 ? undefined : Math.min(...due);
  }

  /** Writes what rounds decided for the services, until `signal` aborts. */
  writeWorkloads(signal: AbortSignal): Promise<void> {
    return this.#workloads.run(signal);
  }

  /** Gather, decide, act. */
  async #revise(): Promise<number | undefined> {
    const { clock, home } = this.#options;
    const epoch = await home.store.epoch();
    const documents = this.#view.documents();
    const tombstones = this.#view.tombstones();
    const last = this.#newest.among(this.#view.revisions(), epoch);
    this.#pending ??= new PendingChanges({ documents, frozen: titlesIn(last) });
    const ready = this.#pending.readiness(documents, tombstones, clock.monotonic());
    if (ready.kind === "wait") return ready.until;
    const next = await this.#decideAndAct(this.#situation(documents, epoch, last), ready);
    this.#pending.settle(documents, tombstones);
    this.#view.forgetTombstones(tombstones);
    return next;
  }

  #situation(documents: readonly VehicleDocument[], epoch: string, last: DecodedRevision | undefined): Situation & Requests {
    const { clock } = this.#options;
    const stored = this.#view.revisions();
    const entries = stored.map(({ metadata, spec }) => ({ name: metadata.name, number: spec.number, hash: spec.hash }));
    // The watch shows a revision that we made only later.
    const unseen = last === undefined || entries.some(({ hash, number }) => hash === last.hash && number === last.number) ? [] : [last];
    const requests = rollbackRequests(stored, epoch);
    const rollback = requests.find((request) => !isDone(request, last));
    return {
      epoch,
      documents,
      revisions: [...entries, ...unseen.map(({ number, hash }) => ({ name: `r${number}`, number, hash }))],
      ...(last === undefined ? {} : { last }),
      ...(rollback === undefined ? {} : { rollback: { ...rollback, target: this.#newest.decode(rollback.object) } }),
      done: requests.filter((request) => isDone(request, last)),
      reports: this.#view.reports(),
      problems: this.#view.problems(),
      adopted: clock.monotonic() >= this.#adoptUntil,
      now: clock.now(),
    };
  }

  async #decideAndAct(situation: Situation & Requests, ready: Readiness): Promise<number | undefined> {
    const { home, clock, log, connectedHosts } = this.#options;
    const { documents, reports, problems = [], rollback, done, now } = situation;
    const decision = decideRevision(situation, this.#compiler);
    const { newest } = decision;
    const hosts = newest === undefined ? [] : this.#compiler.hosts(newest.content.documents).map(({ name }) => name);
    const reachable = connectedHosts?.();
    const rollOut = { hosts, reports, ...(reachable === undefined ? {} : { reachable }) };
    const seesServices = problems.every(({ kind, known }) => known || (kind !== "ServiceRegistration" && kind !== "ServiceDeployment"));
    const survey = { documents, reports, registrations: this.#view.registrations(), decision, refusals: this.#workloads.refusals() };
    const workloads = seesServices ? await surveyWorkloads(home, survey) : undefined;
    const services = workloads?.kind === "decided" ? { services: workloads.decision.states } : {};
    const statuses = statusChanges({ documents, decision, now, problems, ...rollOut, ...services });
    this.#tell(ready, decision, documents);
    const onCreated = () => newest !== undefined && this.#newest.remember(newest);
    await act(home, { decision, statuses, done, onCreated, ...(rollback === undefined ? {} : { rollback }) }, log);
    const stored = this.#view.revisions();
    // Also the one before: what was committed in time must be found by a rollback, though the next one came at once.
    for (const revision of new Set([situation.last, newest])) {
      if (revision !== undefined) await markCommitted(home, { revision, stored, rollOut, now });
    }
    if (workloads?.kind === "decided") this.#workloads.want(workloads.decision);
    this.#tellUnseen(workloads, documents);
    const due = [
      ...(decision.outcome.kind === "waiting" ? [this.#adoptUntil] : []),
      ...(workloads?.kind === "unseen" ? [clock.monotonic() + LOOK_AGAIN] : []),
    ];
    return due.length === 0 ? undefined : Math.min(...due);
  }

  /** Says once why nobody can tell what runs for the services. A store that is away fails the round as everywhere else. */
  #tellUnseen(workloads: WorkloadsSurvey | undefined, documents: readonly VehicleDocument[]): void {
    const failure = workloads?.kind === "unseen" ? workloads.failure : undefined;
    if (hasCode(failure, STORE_UNAVAILABLE)) throw failure;
    const text = failure === undefined ? "" : describeError(failure);
    if (text === this.#unseen) return;
    this.#unseen = text;
    if (failure === undefined) return;
    const { log, home } = this.#options;
    log.error(describeError(new PharosError(OPERATOR_WORKLOAD_REFUSED, "what runs for the services cannot be seen", { cause: failure })));
    if (!hasCode(failure, STORE_DENIED)) return;
    for (const event of vehicleEvents(documents, "Denied", text)) home.events.record(event);
  }

  #tell(ready: Readiness, { outcome }: Decision, documents: readonly VehicleDocument[]): void {
    const { log, home } = this.#options;
    const tellVehicle = (reason: string, note: string) => {
      for (const event of vehicleEvents(documents, reason, note)) home.events.record(event);
    };
    for (const id of ready.kind === "ready" ? ready.incomplete : []) {
      const error = new PharosError(OPERATOR_CHANGE_INCOMPLETE, `change set ${id} is incomplete after 5 s`);
      log.warn(describeError(error));
      tellVehicle("ChangeIncomplete", describeError(error));
    }
    const told = outcome.kind === "refused" ? findingsLine(outcome.findings) : outcome.kind;
    if (told === this.#told) return;
    this.#told = told;
    if (outcome.kind === "frozen") return;
    log[outcome.kind === "refused" ? "warn" : "info"]("no revision is made", { reason: told });
    if (outcome.kind === "refused") tellVehicle("Refused", `no revision is made, the last one stays: ${told}`);
  }
}

interface Requests {
  /** Rollbacks that were made, whose marks still stand. */
  readonly done: ReturnType<typeof rollbackRequests>;
}

function titlesIn(revision: DecodedRevision | undefined): readonly string[] {
  return revision === undefined ? [] : documentsOf(revision.content.documents).map(documentTitle);
}
