import { type Clock, describeError, type Log } from "@pharos/base";
import type { Live } from "@pharos/compiler";
import type { Kernel } from "@pharos/kernel";
import type { PodNetwork } from "@pharos/kinds";
import { chooseRevision, sameRevision } from "./choose-revision.ts";
import { mergedLive, type SeenLive, withOwnPods } from "./merged-live.ts";
import { type ReconcileResult, reasonOf, reconcile } from "./reconcile.ts";
import type { AgentStanding, AgentState } from "./report.ts";
import type { RoundCall, RoundReason } from "./round-call.ts";
import type { HashedRevision, RejectedRevision, SnapshotFolder } from "./snapshot.ts";
import { SnapshotKeeper } from "./snapshot-keeper.ts";

/** Full look at the kernel when nothing else wakes the agent. */
const FULL_ROUND_MS = 10_000;
/** A burst of events becomes one round. */
const SETTLE_MS = 20;
/** Back-off of rounds that fail: doubled from the first to the last. */
const RETRY_MS = { first: 500, last: 30_000 };

export interface AgentOptions {
  readonly host: string;
  readonly kernel: Kernel;
  readonly snapshots: SnapshotFolder;
  /** What a host runs that never had a revision, if anything. */
  readonly initial: (live: Live) => HashedRevision | undefined;
  /** What the store shows; undefined parts were never seen. */
  readonly view: {
    newestRevision(): HashedRevision | undefined;
    live(): SeenLive;
    /** This host's attachments out of its own ledger: they count before the store shows them, and without it. */
    ownPods(): readonly PodNetwork[];
  };
  readonly wake: RoundCall;
  readonly clock: Clock;
  readonly log: Log;
  readonly onStanding: (standing: AgentStanding) => void;
  /** After each round, whatever it came to. */
  readonly onRound?: () => void;
}

/** The reconcile loop of one host. It never tears down on exit: what runs goes on running. */
export class Agent {
  readonly #options: AgentOptions;
  readonly #keeper: SnapshotKeeper;
  #retryMs = RETRY_MS.first;

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#keeper = new SnapshotKeeper({ folder: options.snapshots, log: options.log, clock: options.clock });
  }

  /** Runs until `signal` aborts: first what the disk holds, then what the store says. */
  async run(signal: AbortSignal): Promise<void> {
    const { wake } = this.#options;
    await this.#keeper.load();
    wake.call("start");
    let timeoutMs = FULL_ROUND_MS;
    while (!signal.aborted) {
      const reasons = await wake.next({ timeoutMs, settleMs: SETTLE_MS, signal });
      if (signal.aborted) break;
      timeoutMs = await this.#guardedRound(reasons);
      this.#options.onRound?.();
    }
    await this.#keeper.close();
  }

  async #guardedRound(reasons: ReadonlySet<RoundReason>): Promise<number> {
    try {
      if (await this.#round(reasons)) {
        this.#retryMs = RETRY_MS.first;
        return FULL_ROUND_MS;
      }
    } catch (error) {
      this.#options.log.error("round failed", { error: describeError(error) });
      const { lastGood } = this.#keeper.current;
      const running = lastGood === undefined ? {} : { running: lastGood };
      this.#report({ state: "Degraded", message: describeError(error), ...running, findings: [] });
    }
    const wait = this.#retryMs;
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS.last);
    return wait;
  }

  /** True when nothing is left to do until the next event. */
  async #round(reasons: ReadonlySet<RoundReason>): Promise<boolean> {
    await this.#keeper.flush();
    await this.#rememberLive();
    const choice = this.#choose();
    if (choice.target === undefined) {
      const refused = this.#newestIsRejected();
      const waits = { state: "Starting", message: "no revision yet: neither on disk, nor in the store, nor a seed" } as const;
      this.#report({ ...(refused === undefined ? waits : { state: "Failed", message: refused.reason }), findings: [] });
      return this.#keeper.problem === undefined;
    }
    const result = await this.#reconcile(choice.target, choice.isNew ? choice.fallback : undefined, reasons);
    if (result.kind === "converged") return this.#converged(choice.target, result);
    if (choice.isNew) return this.#rollBack(choice.target, result, choice.fallback);
    this.#options.log.error("the kernel is not in the wanted state", { error: reasonOf(result) });
    this.#report({ state: "Degraded", message: reasonOf(result), running: choice.target, findings: result.findings, facts: result.facts });
    return false;
  }

  #choose() {
    const newest = this.#options.view.newestRevision();
    const { lastGood, rejected, live } = this.#keeper.current;
    const seed = lastGood === undefined ? this.#options.initial(live) : undefined;
    return chooseRevision({
      rejected,
      ...(newest === undefined ? {} : { newest }),
      ...(lastGood === undefined ? {} : { lastGood }),
      ...(seed === undefined ? {} : { seed }),
    });
  }

  #reconcile(revision: HashedRevision, previous: HashedRevision | undefined, reasons: ReadonlySet<RoundReason>): Promise<ReconcileResult> {
    const { kernel, host, log, view } = this.#options;
    return reconcile({
      kernel,
      host,
      revision,
      live: withOwnPods(this.#keeper.current.live, host, view.ownPods()),
      ...(previous === undefined ? {} : { previous }),
      onPlan: (text) => log.info("plan", { revision: `${revision.epoch}/${revision.number}`, why: [...reasons].join(" "), text }),
    });
  }

  async #converged(revision: HashedRevision, result: Extract<ReconcileResult, { kind: "converged" }>): Promise<boolean> {
    const { lastGood } = this.#keeper.current;
    if (lastGood === undefined || !sameRevision(lastGood, revision)) await this.#keeper.setLastGood(revision);
    this.#report({ ...this.#standingOf(revision), running: revision, findings: result.findings, facts: result.facts });
    return this.#keeper.problem === undefined;
  }

  /** A revision that is in the kernel but not on disk is not committed: it would not outlive a reboot. */
  #standingOf(revision: HashedRevision): { readonly state: AgentState; readonly message: string } {
    const rolledBack = this.#newestIsRejected();
    if (rolledBack !== undefined) return { state: "RolledBack", message: rolledBack.reason };
    const { problem } = this.#keeper;
    if (problem !== undefined) return { state: "Degraded", message: problem };
    return { state: "Committed", message: `revision ${revision.number} is in the kernel` };
  }

  async #rollBack(
    failed: HashedRevision,
    result: Exclude<ReconcileResult, { kind: "converged" }>,
    fallback?: HashedRevision,
  ): Promise<boolean> {
    const reason = reasonOf(result);
    this.#options.log.error("revision failed, going back", { revision: `${failed.epoch}/${failed.number}`, reason });
    await this.#keeper.reject({ epoch: failed.epoch, number: failed.number, hash: failed.hash, reason });
    if (fallback === undefined) {
      this.#report({ state: "Failed", message: reason, findings: result.findings, facts: result.facts });
      return this.#keeper.problem === undefined;
    }
    const back = await this.#reconcile(fallback, failed, new Set<RoundReason>(["retry"]));
    const state = back.kind === "converged" ? "RolledBack" : "Degraded";
    this.#report({ state, message: reason, running: fallback, findings: result.findings, facts: back.facts });
    return back.kind === "converged" && this.#keeper.problem === undefined;
  }

  #newestIsRejected(): RejectedRevision | undefined {
    const newest = this.#options.view.newestRevision();
    return newest === undefined ? undefined : this.#keeper.current.rejected.find((rejected) => sameRevision(rejected, newest));
  }

  async #rememberLive(): Promise<void> {
    const { live } = this.#keeper.current;
    const next = mergedLive(live, this.#options.view.live());
    if (next !== live) await this.#keeper.setLive(next);
  }

  #report(standing: Omit<AgentStanding, "rejected">): void {
    this.#options.onStanding({ ...standing, rejected: this.#keeper.current.rejected });
  }
}
