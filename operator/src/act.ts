import { hasCode, type Log } from "@pharos/base";
import { type Home, refOf, STORE_DENIED, STORE_KIND_MISSING, STORE_NOT_FOUND } from "@pharos/store";
import type { Decision } from "./decide/decide-revision.ts";
import type { StatusChange } from "./decide/document-status.ts";
import { findingsLine, frozenEvent, refusedEvents } from "./decide/events.ts";
import { answered, type RollbackRequest } from "./decide/rollback.ts";

/** What a round wants to have written. */
export interface Writes {
  readonly decision: Decision;
  readonly statuses: readonly StatusChange[];
  /** The rollback that `decision` answers. */
  readonly rollback?: RollbackRequest;
  /** Rollbacks that were made in an earlier round. */
  readonly done: readonly RollbackRequest[];
  /** Called when the revision is in the store. */
  readonly onCreated: () => void;
}

/**
 * Writes what was decided: the revision first, so that no status tells of one that does not exist. Marks of rollbacks that
 * were made go before that: once a newer revision is there nothing else tells that they were made. A right that is missing
 * keeps nothing else from being written; the first such failure is thrown at the end, any other one at once.
 */
export async function act({ store, events }: Home, writes: Writes, log: Log): Promise<void> {
  const { decision, statuses, rollback, done } = writes;
  const { outcome } = decision;
  for (const request of done) await unlessGone(store.update<"ConfigRevision">(answered(request)));
  if (outcome.kind === "frozen" && outcome.create !== undefined) {
    const { create } = outcome;
    await store.create<"ConfigRevision">(create);
    writes.onCreated();
    log.info("froze a revision", { name: create.metadata.name, hash: create.spec.hash.slice(0, 12), reason: create.spec.reason });
    events.record(frozenEvent(create));
  }
  const others: (() => Promise<void>)[] = [
    ...(rollback === undefined ? [] : [() => answer(store, rollback, decision, log)]),
    ...statuses.map((change) => async () => {
      await unlessGone(store.patchStatus(refOf(change.document), change.status));
      for (const event of refusedEvents(change)) events.record(event);
    }),
    ...decision.prune.map((ref) => () => unlessGone(store.delete(ref))),
  ];
  await eachAllowed(others);
}

async function answer(store: Home["store"], rollback: RollbackRequest, { refusedRollback }: Decision, log: Log): Promise<void> {
  const refused = refusedRollback === undefined ? undefined : findingsLine(refusedRollback);
  if (refused !== undefined) log.warn("a rollback is refused", { revision: rollback.object.spec.number, reason: refused });
  await unlessGone(store.update<"ConfigRevision">(answered(rollback, refused)));
}

/** Does one after the other; a denied one does not stop the others, and is thrown at the end. */
export async function eachAllowed(writes: readonly (() => Promise<unknown>)[]): Promise<void> {
  const denied: unknown[] = [];
  for (const write of writes) {
    try {
      await write();
    } catch (error) {
      if (!hasCode(error, STORE_DENIED) && !hasCode(error, STORE_KIND_MISSING)) throw error;
      denied.push(error);
    }
  }
  if (denied.length > 0) throw denied[0];
}

/** Somebody may delete an object while we decide; that is their right. */
export async function unlessGone(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!hasCode(error, STORE_NOT_FOUND)) throw error;
  }
}
