import type { Finding } from "@pharos/base";
import type { HostFacts } from "@pharos/compiler";
import type { HostReportStatus } from "@pharos/kinds";
import type { HashedRevision, RejectedRevision } from "./snapshot.ts";

/** How the agent stands, in the words of HostReport.status.state. */
export type AgentState = "Starting" | "Applying" | "Committed" | "RolledBack" | "Failed" | "Degraded";

/** A host's part of a bridge's subnet, and how many addresses of it pods hold. */
export interface BlockUse {
  readonly bridge: string;
  readonly subnet: string;
  readonly block: string;
  readonly used: number;
}

/** How the agent stands after a round. */
export interface AgentStanding {
  readonly state: AgentState;
  readonly message: string;
  readonly running?: HashedRevision;
  readonly rejected: readonly RejectedRevision[];
  readonly findings: readonly Finding[];
  readonly facts?: HostFacts;
}

/** A condition beside Ready. */
export interface ReportedCondition {
  /** In CamelCase. */
  readonly type: string;
  readonly status: "True" | "False";
  /** One word in CamelCase. */
  readonly reason: string;
  readonly message: string;
}

export interface ReportInput extends AgentStanding {
  readonly blocks: readonly BlockUse[];
  readonly conditions?: readonly (ReportedCondition & { readonly lastTransitionTime: string })[];
  /** ISO 8601, UTC; of the last change of state. */
  readonly since: string;
}

/** Findings beyond this number are left out, so that a report stays small. */
const MAX_FINDINGS = 50;
const MAX_INTERFACES = 500;
const MAX_TEXT = 1000;
/** The host's ends of pods' links: a report that names them would change with every pod. */
const POD_LINK = /^pv[0-9a-f]{12}$/;

/** The status of this host's HostReport; equal input gives an equal status, so that it is written only on change. */
export function reportStatus(input: ReportInput): HostReportStatus {
  const { running, facts } = input;
  return {
    state: input.state,
    ...(running === undefined ? {} : { revision: { epoch: running.epoch, number: running.number, hash: running.hash } }),
    rejected: input.rejected.map(({ epoch, number, reason }) => ({ epoch, number, reason: reason.slice(0, 1000) })),
    findings: input.findings.slice(0, MAX_FINDINGS).map(reportedFinding),
    blocks: [...input.blocks],
    interfaces: reportedInterfaces(facts),
    ...(facts === undefined ? {} : { features: { bridgeNetfilter: facts.bridgeNetfilter, nftables: facts.nftables, ipv6: facts.ipv6 } }),
    conditions: [
      {
        type: "Ready",
        status: input.state === "Committed" ? "True" : "False",
        reason: input.state,
        message: input.message.slice(0, MAX_TEXT),
        lastTransitionTime: input.since,
      },
      ...(input.conditions ?? []).map((condition) => ({ ...condition, message: condition.message.slice(0, MAX_TEXT) })),
    ],
  };
}

function reportedInterfaces(facts: HostFacts | undefined) {
  const shown = (facts?.interfaces ?? []).filter(({ name }) => !POD_LINK.test(name));
  return shown.slice(0, MAX_INTERFACES).map(({ name, mac, addresses, manager }) => ({
    name,
    ...(mac === undefined ? {} : { mac }),
    addresses: [...addresses],
    ...(manager === undefined ? {} : { manager }),
  }));
}

function reportedFinding(finding: Finding) {
  const { code, severity, path, description, recommendation, source } = finding;
  return { code, severity, path, description, recommendation, ...(source?.document === undefined ? {} : { document: source.document }) };
}
