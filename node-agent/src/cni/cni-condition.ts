import type { ReportedCondition } from "../report.ts";
import type { CniStanding } from "./cni-keeper.ts";

const WORDS = {
  installed: { status: "True", reason: "Installed", message: "container runtimes find the plugin and its configuration" },
  beside: { status: "True", reason: "BesideAnotherNetwork", message: "another network has the pods" },
  waits: { status: "False", reason: "NoPodBridge", message: "waiting for a committed revision that gives this host a bridge for pods" },
  foreign: { status: "False", reason: "AnotherNetwork", message: "another network is configured on this host" },
  failed: { status: "False", reason: "NotInstalled", message: "the plugin or its configuration cannot be installed" },
} as const;

/** How the CNI plugin stands, as a condition of the host's report. */
export function cniCondition({ state, findings }: CniStanding): ReportedCondition {
  const { status, reason, message } = WORDS[state];
  return {
    type: "CniInstalled",
    status,
    reason,
    message: findings.length === 0 ? message : findings.map(({ description }) => description).join("; "),
  };
}
