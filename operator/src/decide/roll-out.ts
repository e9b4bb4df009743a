import type { HostReport } from "@pharos/kinds";
import type { Verdict } from "./conditions.ts";

/** A revision as hosts report it. */
export interface RevisionName {
  readonly epoch: string;
  readonly number: number;
  readonly hash: string;
}

/** What is known of the hosts that a revision is for. */
export interface RollOut {
  readonly hosts: readonly string[];
  readonly reports: readonly HostReport[];
  /** Hosts whose agents can be reached now; undefined where nobody knows. */
  readonly reachable?: ReadonlySet<string>;
}

/** How far a revision has come, from the reports of the hosts. */
export function inSync(revision: RevisionName, { hosts, reports, reachable }: RollOut): Verdict {
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
  const away = missing.filter((host) => reachable?.has(host) === false);
  const text = `revision ${revision.number} does not run yet on ${missing.join(", ")}`;
  return {
    type: "InSync",
    status: "False",
    reason: away.length === missing.length ? "HostsAway" : "Pending",
    message: away.length === 0 ? text : `${text}; not reachable: ${away.join(", ")}`,
  };
}

/** The condition Committed of a revision: all hosts that can be reached run it. Once true it stays so. */
export function committed(revision: RevisionName, { hosts, reports, reachable }: RollOut): Verdict {
  const there = reachable === undefined ? hosts : hosts.filter((host) => reachable.has(host));
  const verdict = inSync(revision, { hosts: there, reports });
  if (there.length === 0) return { type: "Committed", status: "False", reason: "HostsAway", message: "no host is reachable" };
  const message = verdict.status === "True" ? `it runs on ${there.join(", ")}` : verdict.message;
  return { ...verdict, type: "Committed", message };
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
