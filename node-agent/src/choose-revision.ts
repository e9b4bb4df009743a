import type { HashedRevision, RejectedRevision } from "./snapshot.ts";

/** What the agent knows when it decides what to run. */
export interface RevisionChoice {
  /** The newest revision in the store that was last reached; absent before the first contact or in an empty store. */
  readonly newest?: HashedRevision;
  readonly lastGood?: HashedRevision;
  /** Revision 0: made from the seed file, or the built-in one of a Kubernetes node. */
  readonly seed?: HashedRevision;
  readonly rejected: readonly RejectedRevision[];
}

/** The revision to run now, and the one to return to when it fails. */
export interface ChosenRevision {
  readonly target?: HashedRevision;
  /** True when `target` has never been committed here: its failure means a roll back. */
  readonly isNew: boolean;
  readonly fallback?: HashedRevision;
}

/** Same content under the same number of the same store's history. */
export function sameRevision(
  a: Pick<HashedRevision, "epoch" | "number" | "hash">,
  b: Pick<HashedRevision, "epoch" | "number" | "hash">,
): boolean {
  return a.epoch === b.epoch && a.number === b.number && a.hash === b.hash;
}

/**
 * The newest revision of the store wins unless this host rejected it; then the last good one; then the seed.
 * An empty store changes nothing: a new store must first adopt what runs.
 */
export function chooseRevision(choice: RevisionChoice): ChosenRevision {
  const { newest, lastGood, seed } = choice;
  const usable = newest !== undefined && !choice.rejected.some((rejected) => sameRevision(rejected, newest));
  if (usable && (lastGood === undefined || !sameRevision(newest, lastGood))) {
    const fallback = lastGood ?? seed;
    return { target: newest, isNew: true, ...(fallback === undefined ? {} : { fallback }) };
  }
  const target = lastGood ?? seed;
  return target === undefined ? { isNew: false } : { target, isNew: false };
}
