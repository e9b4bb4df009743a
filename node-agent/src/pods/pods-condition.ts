import type { ReportedCondition } from "../report.ts";

const SHOWN = 5;

/** How this host's pods stand, as a condition of its report. `problems` names pods that have not the network that the ledger says. */
export function podsCondition(problems: readonly string[]): ReportedCondition {
  if (problems.length === 0)
    return { type: "PodsConnected", status: "True", reason: "Connected", message: "all pods have the network that they were given" };
  const more = problems.length > SHOWN ? ` and ${problems.length - SHOWN} more` : "";
  return { type: "PodsConnected", status: "False", reason: "Damaged", message: `${problems.slice(0, SHOWN).join("; ")}${more}` };
}
