import { describeError, type Finding, hasErrors, PharosError } from "@pharos/base";
import { compile, type HostFacts, type Live } from "@pharos/compiler";
import { diff, type HostState, planOf, renderPlan, type Scope, scopeOf } from "@pharos/hoststate";
import type { Kernel } from "@pharos/kernel";
import { AGENT_NOT_CONVERGED, AGENT_REVISION_REFUSED } from "./codes.ts";
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
  /** The revision cannot run on this host; the kernel was not touched. */
  | { readonly kind: "refused"; readonly error: PharosError; readonly findings: readonly Finding[]; readonly facts: HostFacts }
  /** The kernel refused a step, or others undo our work; the kernel may be half way. */
  | { readonly kind: "failed"; readonly error: PharosError; readonly findings: readonly Finding[]; readonly facts: HostFacts };

/** One round: facts → compile → (observe → diff → plan → apply) until nothing differs. */
export async function reconcile(input: ReconcileInput): Promise<ReconcileResult> {
  const facts = await input.kernel.facts();
  const compiled = (revision: HashedRevision) => compile({ revision, host: input.host, live: input.live, facts });
  const { value: desired, findings } = compiled(input.revision);
  if (hasErrors(findings)) {
    const first = findings.find((finding) => finding.severity === "ERROR");
    const error = new PharosError(AGENT_REVISION_REFUSED, `${first?.path ?? ""}: ${first?.description ?? ""}`, {
      action: first?.recommendation ?? "",
    });
    return { kind: "refused", error, findings, facts };
  }
  const scope = input.previous === undefined ? scopeOf(desired) : scopeOf(desired, compiled(input.previous).value);
  const outcome = await converge(input, desired, scope);
  return outcome.error === undefined
    ? { kind: "converged", steps: outcome.steps, findings, facts }
    : { kind: "failed", error: outcome.error, findings, facts };
}

async function converge(input: ReconcileInput, desired: HostState, scope: Scope): Promise<{ steps: number; error?: PharosError }> {
  const remaining = async () => planOf(diff(await input.kernel.observe(scope), desired));
  let steps = 0;
  let plan = await remaining();
  for (let pass = 0; pass < MAX_PASSES && plan.length > 0; pass++) {
    input.onPlan(renderPlan(plan));
    const outcome = await input.kernel.apply(plan);
    steps += outcome.done.length;
    if (outcome.failed !== undefined) return { steps, error: outcome.failed.error };
    plan = await remaining();
  }
  if (plan.length === 0) return { steps };
  return { steps, error: new PharosError(AGENT_NOT_CONVERGED, `still to do after ${MAX_PASSES} passes: ${renderPlan(plan)}`) };
}

/** The reason text of a result that is not converged. */
export function reasonOf(result: Exclude<ReconcileResult, { kind: "converged" }>): string {
  return describeError(result.error);
}
