import { type LeaseTerm, leaseTimes } from "@pharos/dhcp";

/** Servers that do not answer are left alone at least so long (RFC 2131, section 4.4.5), or this part of the lease where that is less. */
const LEAST_PAUSE_MS = 60_000;
const LEAST_PART = 1 / 16;
const SHORTEST_PAUSE_MS = 1000;

/**
 * When servers are to be asked for a lease, or its address is to be taken from the pod, in milliseconds since boot: at T1, then at half of
 * the time that is left until T2, at T2, at half of what is left until the end, and at the end.
 * @param askedMs when it was asked for last without an answer.
 */
export function nextAsk(lease: LeaseTerm, askedMs: number | undefined): number {
  const { renewMs, rebindMs, endMs } = leaseTimes(lease);
  if (askedMs === undefined || askedMs < renewMs) return renewMs;
  const least = Math.max(Math.min(LEAST_PAUSE_MS, lease.seconds * 1000 * LEAST_PART), SHORTEST_PAUSE_MS);
  // The address could not be taken from the pod.
  if (askedMs >= endMs) return askedMs + least;
  const bound = askedMs < rebindMs ? rebindMs : endMs;
  return Math.min(askedMs + Math.max((bound - askedMs) / 2, least), bound);
}
