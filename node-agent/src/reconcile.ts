import { type Checked, describeError, type Finding, hasCode, hasErrors, PharosError } from "@pharos/base";
import { compile, type HostFacts, type Live } from "@pharos/compiler";
import { diff, type HostState, planOf, renderPlan, type Scope, scopeOf } from "@pharos/hoststate";
import type { Kernel } from "@pharos/kernel";
import { AGENT_NOT_CONVERGED, AGENT_REVISION_REFUSED, AGENT_REVISION_UNCOMPILABLE } from "./codes.ts";
import type { HashedRevision } from "./snapshot.ts";

/** Passes of observe → plan → apply before a revision counts as failed: a step may uncover another (an address that takes its routes along). */
const MAX_PASSES = 4;

export interface ReconcileInput {
  readonly kernel: Kernel;
  readonly host: string;
  readonly revision: HashedRevision;
  /** What ran before a new revision: unmarked things that only it named (files, sysctls, ports) are looked at once more, so that they can go. */
  readonly previous?: HashedRevision;
  readonly live: Live;
  /** Called with the text of every non-empty plan before it is applied. */
  readonly onPlan: (text: string) => void;
}

export type ReconcileResult =
  /** The kernel is in the wanted state; `steps` were needed for that. */
  | { readonly kind: "converged"; readonly steps: number; readonly findings: readonly Finding[]; readonly facts: HostFacts }
  /** The revision cannot run on this host, or this version of Pharos cannot work it out. */
  | { readonly kind: "refused"; readonly error: PharosError; readonly findings: readonly Finding[]; readonly facts: HostFacts }
  /** The kernel refused a step, or others undo our work; the kernel may be half way. */
  | { readonly kind: "failed"; readonly error: PharosError; readonly findings: readonly Finding[]; readonly facts: HostFacts };

/**
 * One round: facts → compile → (observe → diff → plan → apply) until nothing differs.
 * Rejects when the kernel cannot be read, which says nothing about the revision.
 */
export async function reconcile(input: ReconcileInput): Promise<ReconcileResult> {
  const facts = await input.kernel.facts();
  const compiled = compiledFor(input.revision, input, facts);
  if (compiled instanceof PharosError) return { kind: "refused", error: compiled, findings: [], facts };
  const { value: desired, findings } = compiled;
  if (hasErrors(findings)) {
    const first = findings.find((finding) => finding.severity === "ERROR");
    const error = new PharosError(AGENT_REVISION_REFUSED, `${first?.path ?? ""}: ${first?.description ?? ""}`, {
      action: first?.recommendation ?? "",
    });
    return { kind: "refused", error, findings, facts };
  }
  const previous = input.previous === undefined ? undefined : compiledFor(input.previous, input, facts);
  // What cannot be compiled was never applied, so it left nothing to look at.
  const scope = previous === undefined || previous instanceof PharosError ? scopeOf(desired) : scopeOf(desired, previous.value);
  const outcome = await converge(input, desired, scope);
  if (outcome.error === undefined) return { kind: "converged", steps: outcome.steps, findings, facts };
  return { kind: hasCode(outcome.error, AGENT_REVISION_UNCOMPILABLE) ? "refused" : "failed", error: outcome.error, findings, facts };
}

/** An exception of the pure middle is a defect of ours for this very content: trying again gives the same, so it is an answer, not a fault. */
function workOut<T>(what: string, work: () => T): T | PharosError {
  try {
    return work();
  } catch (cause) {
    return new PharosError(AGENT_REVISION_UNCOMPILABLE, what, { cause });
  }
}

function compiledFor(revision: HashedRevision, { host, live }: ReconcileInput, facts: HostFacts): Checked<HostState> | PharosError {
  return workOut(`revision ${revision.epoch}/${revision.number} cannot be compiled for ${host}`, () =>
    compile({ revision, host, live, facts }),
  );
}

async function converge(input: ReconcileInput, desired: HostState, scope: Scope): Promise<{ steps: number; error?: PharosError }> {
  const { epoch, number } = input.revision;
  const remaining = async () => {
    const observed = await input.kernel.observe(scope);
    return workOut(`no plan leads to revision ${epoch}/${number}`, () => planOf(diff(observed, desired)));
  };
  let steps = 0;
  let plan = await remaining();
  for (let pass = 0; pass < MAX_PASSES && !(plan instanceof PharosError) && plan.length > 0; pass++) {
    input.onPlan(renderPlan(plan));
    const outcome = await input.kernel.apply(plan);
    steps += outcome.done.length;
    if (outcome.failed !== undefined) return { steps, error: outcome.failed.error };
    plan = await remaining();
  }
  if (plan instanceof PharosError) return { steps, error: plan };
  if (plan.length === 0) return { steps };
  return { steps, error: new PharosError(AGENT_NOT_CONVERGED, `still to do after ${MAX_PASSES} passes: ${renderPlan(plan)}`) };
}

/** The reason text of a result that is not converged. */
export function reasonOf(result: Exclude<ReconcileResult, { kind: "converged" }>): string {
  return describeError(result.error);
}
