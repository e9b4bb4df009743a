import type { ConfigRevision } from "@pharos/kinds";
import type { DecodedRevision, Home } from "@pharos/store";
import { unlessGone } from "./act.ts";
import { withVerdicts } from "./decide/conditions.ts";
import { rejectedEvent } from "./decide/events.ts";
import { committed, type RollOut } from "./decide/roll-out.ts";

export interface CommitMark {
  /** The newest revision. */
  readonly revision: DecodedRevision;
  readonly stored: readonly ConfigRevision[];
  readonly rollOut: RollOut;
  /** Wall clock in ms. */
  readonly now: number;
}

/**
 * Writes the condition Committed of the newest revision when it changes: by it a rollback without a target finds what ran before.
 * What was committed once stays so. Hosts that went back from it are told as an event.
 */
export async function markCommitted({ store, events }: Home, { revision, stored, rollOut, now }: CommitMark): Promise<void> {
  const object = stored.find(({ spec }) => spec.number === revision.number && spec.epoch === revision.epoch);
  const before = object?.status?.conditions ?? [];
  const former = before.find(({ type }) => type === "Committed");
  if (object === undefined || former?.status === "True") return;
  const verdict = committed(revision, rollOut);
  const conditions = withVerdicts(before, [verdict], { generation: object.metadata.generation ?? 0, now });
  if (conditions === before) return;
  const { name } = object.metadata;
  await unlessGone(store.patchStatus({ kind: "ConfigRevision", name }, { conditions }));
  if (verdict.reason === "Rejected") events.record(rejectedEvent(revision, name, verdict.message));
}
