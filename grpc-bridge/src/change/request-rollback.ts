import { hasCode } from "@pharos/base";
import type { ConfigRevision } from "@pharos/kinds";
import { type DecodedRevision, ROLLBACK_ANNOTATION, ROLLBACK_REFUSED_ANNOTATION, STORE_NOT_FOUND, type Store } from "@pharos/store";
import { type CommitOptions, committedMessage, newestRevision } from "./commit.ts";
import { type Outcome, revisionOutcome } from "./outcome.ts";
import { Patience } from "./patience.ts";
import type { RollbackTarget } from "./rollback-target.ts";

export interface RollbackOptions extends CommitOptions {
  /** Names the request. */
  readonly id: string;
}

export interface RollbackResult {
  readonly kind: "committed" | "failed";
  readonly message: string;
  /** The revision that counts afterwards. */
  readonly number: number;
}

/** Longest wait for a ring of the bell, ms; a guard against a bell that was missed. */
const LOOK_AGAIN_MS = 1000;

/**
 * Asks the operator to roll back and waits until every reachable host runs the revision that it makes. If one of them goes back
 * from it, the operator is asked for what ran before.
 */
export async function requestRollback(
  target: Extract<RollbackTarget, { kind: "revision" }>,
  options: RollbackOptions,
): Promise<RollbackResult> {
  const { object, newest } = target;
  const { number } = object.spec;
  await ask(options.store, object, options.id);
  const outcome = await waitForRollback(number, options);
  if (outcome.kind === "committed") {
    return { kind: "committed", message: `rolled back to ${number}: ${committedMessage(outcome)}`, number: outcome.revision.number };
  }
  const made = outcome.made;
  if (made === undefined) {
    await withdraw(options.store, object, options.id);
    return { kind: "failed", message: outcome.reason, number: newest.number };
  }
  const back = await askForFormer(newest, options);
  return { kind: "failed", message: `${outcome.reason}${back}`, number: made };
}

type Waited = Extract<Outcome, { kind: "committed" }> | { readonly kind: "failed"; readonly reason: string; readonly made?: number };

async function waitForRollback(number: number, options: RollbackOptions): Promise<Waited> {
  const { view, signal, store, id, log } = options;
  const patience = new Patience(options);
  const epoch = await store.epoch();
  const newestOf = newestRevision(view, epoch, log);
  for (;;) {
    const newest = newestOf();
    const isOurs = newest?.pin?.request === id && newest.pin.number === number;
    const refused = refusal(view.items("ConfigRevision"), { epoch, number, id });
    if (refused !== undefined) return { kind: "failed", reason: `the rollback to ${number} was refused: ${refused}` };
    const outcome: Outcome = isOurs
      ? revisionOutcome(newest, view.items("HostReport"), options.connectedHosts?.())
      : { kind: "waiting", reason: "the operator has not made the revision yet" };
    const made = isOurs ? { made: newest.number } : {};
    if (outcome.kind === "committed") return outcome;
    if (outcome.kind === "failed") return { ...outcome, ...made };
    const wait = patience.look(outcome);
    if ("over" in wait) return { kind: "failed", reason: wait.over, ...made };
    await view.changed(Math.min(wait.ms, LOOK_AGAIN_MS), signal);
  }
}

function refusal(
  revisions: readonly ConfigRevision[],
  { epoch, number, id }: { readonly epoch: string; readonly number: number; readonly id: string },
): string | undefined {
  const object = revisions.find(({ spec }) => spec.epoch === epoch && spec.number === number);
  const text = object?.metadata.annotations?.[ROLLBACK_REFUSED_ANNOTATION];
  return text?.startsWith(`${id}: `) === true ? text.slice(id.length + 2) : undefined;
}

async function ask(store: Store, object: ConfigRevision, id: string): Promise<void> {
  const { resourceVersion: _any, ...metadata } = object.metadata;
  await store.update<"ConfigRevision">({
    ...object,
    metadata: { ...metadata, annotations: { ...metadata.annotations, [ROLLBACK_ANNOTATION]: id } },
  });
}

/** A request that was not served in time must not be served later, when nobody waits for it. */
async function withdraw(store: Store, { metadata }: ConfigRevision, id: string): Promise<void> {
  const object = await store.get({ kind: "ConfigRevision", name: metadata.name });
  if (object?.metadata.annotations?.[ROLLBACK_ANNOTATION] !== id) return;
  const { [ROLLBACK_ANNOTATION]: _ours, ...annotations } = object.metadata.annotations;
  await store.update<"ConfigRevision">({ ...object, metadata: { ...object.metadata, annotations } });
}

async function askForFormer(former: DecodedRevision, { store, view, id, log }: RollbackOptions): Promise<string> {
  const object = view.items("ConfigRevision").find(({ spec }) => spec.epoch === former.epoch && spec.number === former.number);
  if (object === undefined) return "; the former revision is not kept";
  try {
    await ask(store, object, `${id}-back`);
    log.warn("a rollback failed, the former revision is asked for", { revision: former.number });
    return `; revision ${former.number} is asked for again`;
  } catch (error) {
    if (!hasCode(error, STORE_NOT_FOUND)) throw error;
    return "; the former revision is not kept";
  }
}
