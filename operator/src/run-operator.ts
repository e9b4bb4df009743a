import { Wake } from "@pharos/base";
import type { Leadership } from "@pharos/store";
import type { OperatorOptions, OperatorState } from "./operator-options.ts";
import { OperatorTerm } from "./operator-term.ts";
import { RoundReport } from "./round-report.ts";
import { type StoreView, viewStore } from "./store-view.ts";

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
  const { home, clock, log, signal, onState } = options;
  const wake = new Wake(clock);
  const onChange = () => {
    wake.ring();
    onState?.(stateOf(view));
  };
  const view = viewStore({ store: home.store, clock, log, signal, onChange });
  const watching = [home.workloads?.watch(onChange, signal), home.machines?.watch(onChange, signal)];
  // What an operator remembers is of its own leadership: another one may have written in between.
  await home.elector.run((leadership) => rounds({ ...options, signal: leadership.signal }, view, { wake, leadership }), signal);
  await Promise.all([view.finished, ...watching]);
}

function stateOf(view: StoreView): OperatorState {
  const revision = Math.max(0, ...view.revisions().map(({ spec }) => spec.number));
  return { synced: view.synced(), revision, misses: view.misses() };
}

interface Term {
  readonly wake: Wake;
  readonly leadership: Leadership;
}

/** Round after round, until the leadership ends. */
async function rounds(options: OperatorOptions, view: StoreView, { wake, leadership }: Term): Promise<void> {
  const { clock, log, signal, home } = options;
  const term = new OperatorTerm(options, view, () => wake.ring());
  const ended = new AbortController();
  const writing = term.writeWorkloads(AbortSignal.any([signal, ended.signal]));
  const report = new RoundReport(log, home.events);
  let pause = FIRST_PAUSE;
  while (leadership.holds()) {
    let next: number | undefined;
    const began = clock.monotonic();
    try {
      // Problems, too, only once everything was listed: before, the Nodes that they are told of may not be known.
      if (view.synced()) {
        report.problems(view);
        next = await term.round();
      }
      report.worked();
      pause = FIRST_PAUSE;
    } catch (error) {
      report.failed(error, view);
      await clock.sleep(pause, signal);
      pause = Math.min(pause * 2, LONGEST_PAUSE);
      next = clock.monotonic();
    }
    // Rests as long as it worked, so that the reports of many hosts on a large vehicle share a round.
    await clock.sleep(Math.min(clock.monotonic() - began, LONGEST_GAP), signal);
    await wake.wait(next === undefined ? LONGEST_REST : next - clock.monotonic(), signal);
  }
  ended.abort();
  await writing;
}
