import type { ReportedCondition } from "../report.ts";

const SHOWN = 5;

/** A lease that is not as it should be. */
export interface LeaseProblem {
  readonly pod: string;
  readonly address: string;
  /** The pod has lost the address; else nobody prolongs it. */
  readonly isOver: boolean;
  /** What the server or the plugin said, if anything. */
  readonly message?: string;
}

/** How the DHCP leases of this host's pods stand, as a condition of its report. */
export function leaseCondition(problems: readonly LeaseProblem[]): ReportedCondition {
  const type = "LeasesHeld";
  if (problems.length === 0) return { type, status: "True", reason: "Held", message: "DHCP servers prolong the leases of all pods" };
  const sorted = [...problems].sort((a, b) => Number(b.isOver) - Number(a.isOver));
  const more = problems.length > SHOWN ? ` and ${problems.length - SHOWN} more` : "";
  const reason = problems.some(({ isOver }) => isOver) ? "Over" : "Silent";
  return { type, status: "False", reason, message: `${sorted.slice(0, SHOWN).map(textOf).join("; ")}${more}` };
}

function textOf({ pod, address, isOver, message }: LeaseProblem): string {
  const what = isOver
    ? `has lost ${address}, whose lease is over`
    : `keeps ${address} only until its lease ends: no DHCP server prolongs it`;
  return `${pod} ${what}${message === undefined || message === "" ? "" : ` (${message})`}`;
}
