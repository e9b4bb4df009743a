import { hasCode, type Log } from "@pharos/base";
import { refOf, STORE_NOT_FOUND, type Store } from "@pharos/store";
import type { Decision } from "./decide/decide-revision.ts";
import type { StatusChange } from "./decide/document-status.ts";

/**
 * Writes what was decided: the revision first, so that no status tells of one that does not exist. Throws the store's
 * error at the first write that fails; the next round decides anew from what is there.
 */
export async function act(store: Store, decision: Decision, statuses: readonly StatusChange[], log: Log): Promise<void> {
  const { outcome } = decision;
  if (outcome.kind === "frozen" && outcome.create !== undefined) {
    await store.create<"ConfigRevision">(outcome.create);
    log.info("froze a revision", { name: outcome.create.metadata.name, hash: outcome.create.spec.hash.slice(0, 12) });
  }
  for (const { document, status } of statuses) {
    await unlessGone(store.patchStatus(refOf(document), status));
  }
  for (const ref of decision.prune) await unlessGone(store.delete(ref));
}

/** Somebody may delete an object while we decide; that is their right. */
export async function unlessGone(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!hasCode(error, STORE_NOT_FOUND)) throw error;
  }
}
