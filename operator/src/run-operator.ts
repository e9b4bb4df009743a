import { type Clock, describeError, hasCode, type Log, PharosError, Wake } from "@pharos/base";
import { documentTitle, type VehicleDocument } from "@pharos/compiler";
import { changeTag, type Home, type Leadership, STORE_CONFLICT, STORE_EXISTS, STORE_FENCED } from "@pharos/store";
import { act } from "./act.ts";
import { OPERATOR_CHANGE_INCOMPLETE, OPERATOR_ROUND_FAILED } from "./codes.ts";
import { compilerPort } from "./compiler.ts";
import type { CompilerPort } from "./decide/compiler-port.ts";
import { type Decision, decideRevision, type Situation } from "./decide/decide-revision.ts";
import { statusChanges } from "./decide/document-status.ts";
import { eventsOf } from "./decide/events.ts";
import { markOf, type Readiness, readiness } from "./decide/settle.ts";
import { NewestRevision } from "./newest-revision.ts";
import { type StoreView, viewStore } from "./store-view.ts";
import { actOnWorkloads, surveyWorkloads } from "./workloads/keep-workloads.ts";

export interface OperatorOptions {
  readonly home: Home;
  readonly clock: Clock;
  readonly log: Log;
  /** Ends the operator. */
  readonly signal: AbortSignal;
  /** How long a new store waits for the hosts' reports before it gives out blocks, in ms from the start; 10 s when not given. */
  readonly adoptionWait?: number;
  /** What checks, allocates and serialises; tests give their own. */
  readonly compiler?: CompilerPort;
}

const ADOPTION_WAIT = 10_000;
const FIRST_PAUSE = 200;
const LONGEST_PAUSE = 10_000;
const LONGEST_GAP = 500;
/** A round is made at least this often, in ms: what it finds is repaired even if nothing told of it. */
const LONGEST_REST = 30_000;

/**
 * Follows the documents and, while it leads, checks them all together, freezes the valid ones into revisions and tells in
 * their conditions what became of them. Resolves when `signal` aborts; failures of the store are tried again.
 */
export async function runOperator(options: OperatorOptions): Promise<void> {
  const { home, clock, log, signal } = options;
  const wake = new Wake(clock);
  const onChange = () => wake.ring();
  const view = viewStore({ store: home.store, clock, log, signal, onChange });
  const watching = home.workloads?.watch(onChange, signal);
  // What an operator remembers is of its own leadership: another one may have written in between.
  await home.elector.run((leadership) => rounds({ ...options, signal: leadership.signal }, view, { wake, leadership }), signal);
  await Promise.all([view.finished, watching]);
}

interface Term {
  readonly wake: Wake;
  readonly leadership: Leadership;
}

/** Round after round, until the leadership ends. */
async function rounds(options: OperatorOptions, view: StoreView, { wake, leadership }: Term): Promise<void> {
  const { clock, log, signal } = options;
  const operator = new Operator(options, view);
  let pause = FIRST_PAUSE;
  while (leadership.holds()) {
    let next: number | undefined;
    const began = clock.monotonic();
    try {
      next = view.synced() ? await operator.round() : undefined;
      pause = FIRST_PAUSE;
    } catch (error) {
      report(log, error);
      await clock.sleep(pause, signal);
      pause = Math.min(pause * 2, LONGEST_PAUSE);
      next = clock.monotonic();
    }
    // Rests as long as it worked, so that the reports of many hosts on a large vehicle share a round.
    await clock.sleep(Math.min(clock.monotonic() - began, LONGEST_GAP), signal);
    await wake.wait(next === undefined ? LONGEST_REST : next - clock.monotonic(), signal);
  }
}

function report(log: Log, error: unknown): void {
  if (hasCode(error, STORE_CONFLICT) || hasCode(error, STORE_EXISTS) || hasCode(error, STORE_FENCED))
    log.debug("somebody else wrote first, deciding again");
  else log.error(describeError(new PharosError(OPERATOR_ROUND_FAILED, "the operator could not finish a round", { cause: error })));
}

/** What the operator remembers between rounds; nothing of it has to survive a restart. */
class Operator {
  readonly #options: OperatorOptions;
  readonly #view: StoreView;
  readonly #compiler: CompilerPort;
  readonly #newest: NewestRevision;
  readonly #adoptUntil: number;
  #decided: ReadonlyMap<string, string> | undefined;
  #decidedChanges: ReadonlySet<string> = new Set();
  #seen = "";
  #firstAt: number | undefined;
  #lastAt = 0;
  #told = "";

  constructor(options: OperatorOptions, view: StoreView) {
    this.#options = options;
    this.#compiler = options.compiler ?? compilerPort;
    this.#view = view;
    this.#newest = new NewestRevision(options.log);
    this.#adoptUntil = options.clock.monotonic() + (options.adoptionWait ?? ADOPTION_WAIT);
  }

  /** One round: gather, decide, act. Returns when the next one is due without a change, in monotonic ms. */
  async round(): Promise<number | undefined> {
    const { home, log } = this.#options;
    const documents = this.#view.documents();
    const ready = this.#readiness(documents);
    if (ready.kind === "wait") return ready.until;
    const situation = await this.#gather(documents);
    const decision = decideRevision(situation, this.#compiler);
    const hosts = decision.newest === undefined ? [] : this.#compiler.hosts(decision.newest.content.documents).map(({ name }) => name);
    const { reports, now } = situation;
    const workloads = await surveyWorkloads(home, { documents, reports, registrations: this.#view.registrations(), decision });
    const statuses = statusChanges({ documents, reports, decision, hosts, now, services: workloads.states });
    this.#tell(ready, decision);
    await act(home.store, decision, statuses, log);
    for (const event of eventsOf(decision, statuses)) home.events.record(event);
    await actOnWorkloads(home, workloads);
    if (decision.newest !== undefined) this.#newest.remember(decision.newest);
    this.#settle(documents);
    return decision.outcome.kind === "waiting" ? this.#adoptUntil : undefined;
  }

  #readiness(documents: readonly VehicleDocument[]): Readiness {
    const now = this.#options.clock.monotonic();
    this.#decided ??= decidedBefore(documents);
    const seen = documents.map((document) => `${documentTitle(document)} ${markOf(document)}`).join("\n");
    if (seen !== this.#seen) {
      this.#seen = seen;
      this.#lastAt = now;
      this.#firstAt ??= now;
    }
    return readiness({
      documents,
      decided: this.#decided,
      tombstones: this.#view.tombstones(),
      decidedChanges: this.#decidedChanges,
      firstAt: this.#firstAt ?? now,
      lastAt: this.#lastAt,
      now,
    });
  }

  async #gather(documents: readonly VehicleDocument[]): Promise<Situation> {
    const { home, clock } = this.#options;
    const epoch = await home.store.epoch();
    const stored = this.#view.revisions();
    const last = this.#newest.among(stored, epoch);
    const entries = stored.map(({ metadata, spec }) => ({ name: metadata.name, number: spec.number, hash: spec.hash }));
    // The watch shows a revision that we made only later.
    const unseen = last === undefined || entries.some(({ hash, number }) => hash === last.hash && number === last.number) ? [] : [last];
    return {
      epoch,
      documents,
      revisions: [...entries, ...unseen.map(({ number, hash }) => ({ name: `r${number}`, number, hash }))],
      ...(last === undefined ? {} : { last }),
      reports: this.#view.reports(),
      adopted: clock.monotonic() >= this.#adoptUntil,
      now: clock.now(),
    };
  }

  #settle(documents: readonly VehicleDocument[]): void {
    this.#decided = new Map(documents.map((document) => [documentTitle(document), markOf(document)]));
    const tags = [...documents.map(({ metadata }) => changeTag(metadata.annotations)), ...this.#view.tombstones().map(({ tag }) => tag)];
    this.#decidedChanges = new Set(tags.flatMap((tag) => (tag === undefined ? [] : [tag.id])));
    this.#firstAt = undefined;
    this.#view.forgetTombstones();
  }

  #tell(ready: Readiness, { outcome }: Decision): void {
    const { log } = this.#options;
    for (const id of ready.kind === "ready" ? ready.incomplete : []) {
      log.warn(describeError(new PharosError(OPERATOR_CHANGE_INCOMPLETE, `change set ${id} is incomplete after 5 s`)));
    }
    const told = outcome.kind === "refused" ? outcome.findings.map(({ description }) => description).join("; ") : outcome.kind;
    if (told !== this.#told && outcome.kind !== "frozen")
      log[outcome.kind === "refused" ? "warn" : "info"]("no revision is made", { reason: told });
    this.#told = told;
  }
}

/** Documents whose present version an operator before us decided on. */
function decidedBefore(documents: readonly VehicleDocument[]): ReadonlyMap<string, string> {
  const decided = documents.filter(({ metadata, status }) => {
    const accepted = status?.conditions?.find(({ type }) => type === "Accepted");
    return accepted !== undefined && accepted.observedGeneration === metadata.generation;
  });
  return new Map(decided.map((document) => [documentTitle(document), markOf(document)]));
}
