import type { LeaseRecord } from "./lease.ts";

/** Times of an election, in ms. Others take a lease that stood still for `lease`; its holder stops acting after `renewDeadline`. */
export interface ElectionTimes {
  readonly lease: number;
  /** Shorter than `lease` by more than a write under way can need. */
  readonly renewDeadline: number;
  /** From one renewal to the next, and a candidate's pause between two attempts. */
  readonly retry: number;
}

/** What is known of a lease. Clocks of others are never compared with ours: only how long we see a record unchanged counts. */
export interface LeaseObservation {
  /** Undefined: there is no such Lease. */
  readonly record: LeaseRecord | undefined;
  /** When it was first seen as it is now, in ms of our own clock. */
  readonly since: number;
  /** Who held it when it was last there; empty: nobody that we saw. */
  readonly lastHolder: string;
}

/** Before anything was read. */
export const NOTHING_SEEN: LeaseObservation = { record: undefined, since: 0, lastHolder: "" };

/** The observation after a look at `now` that found `record`. */
export function observeLease(before: LeaseObservation, record: LeaseRecord | undefined, now: number): LeaseObservation {
  if (record === undefined) return { record, since: before.record === undefined ? before.since : now, lastHolder: before.lastHolder };
  const unchanged = record.resourceVersion === before.record?.resourceVersion;
  return { record, since: unchanged ? before.since : now, lastHolder: record.holder };
}

export type LeaseDecision = "create" | "take" | "renew" | "wait";

export interface Candidacy {
  readonly identity: string;
  readonly times: ElectionTimes;
  /** In ms of the observation's clock. */
  readonly now: number;
}

/**
 * What a candidate does about a lease. A Lease that somebody deleted is waited for as long as one that stands still: its
 * holder may still act.
 */
export function decideLease({ record, since, lastHolder }: LeaseObservation, { identity, times, now }: Candidacy): LeaseDecision {
  const stood = now - since >= Math.max(times.lease, (record?.durationSeconds ?? 0) * 1000);
  if (record === undefined) return lastHolder === "" || lastHolder === identity || stood ? "create" : "wait";
  if (record.holder === identity) return "renew";
  return record.holder === "" || stood ? "take" : "wait";
}
