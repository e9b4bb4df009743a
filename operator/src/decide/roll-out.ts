import type { HostReport } from "@pharos/kinds";
import type { Verdict } from "./conditions.ts";

/** A revision as hosts report it. */
export interface RevisionName {
  readonly epoch: string;
  readonly number: number;
  readonly hash: string;
}

/** How far a revision has come, from the reports of the hosts. `hosts` are those that the revision is for. */
export function inSync(revision: RevisionName, hosts: readonly string[], reports: readonly HostReport[]): Verdict {
  const states = hosts.map((host) => ({
    host,
    state: hostState(
      revision,
      reports.find(({ metadata }) => metadata.name === host),
    ),
  }));
  const of = (kind: HostState["kind"]) => states.filter(({ state }) => state.kind === kind);
  const rejected = of("rejected");
  if (rejected.length > 0) {
    const message = rejected.map(({ host, state }) => `${host}: ${state.reason}`).join("\n");
    return { type: "InSync", status: "False", reason: "Rejected", message: `revision ${revision.number} was rejected\n${message}` };
  }
  const missing = [...of("behind"), ...of("silent")].map(({ host }) => host);
  if (missing.length === 0) return { type: "InSync", status: "True", reason: "AllHosts", message: "all hosts run the newest revision" };
  return {
    type: "InSync",
    status: "False",
    reason: "Pending",
    message: `revision ${revision.number} does not run yet on ${missing.join(", ")}`,
  };
}

interface HostState {
  readonly kind: "runs" | "behind" | "silent" | "rejected";
  readonly reason?: string;
}

function hostState(revision: RevisionName, report: HostReport | undefined): HostState {
  if (report?.status === undefined) return { kind: "silent" };
  const { revision: running, rejected = [] } = report.status;
  if (running?.hash === revision.hash) return { kind: "runs" };
  const refusal = rejected.find(({ epoch, number }) => epoch === revision.epoch && number === revision.number);
  return refusal === undefined ? { kind: "behind" } : { kind: "rejected", reason: refusal.reason };
}
