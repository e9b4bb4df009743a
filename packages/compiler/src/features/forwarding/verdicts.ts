import type { FirewallChain } from "@pharos/hoststate";
import { type ForwardingContext, vehicleOrigin } from "./context.ts";

const AUDIT_CHAIN = "audit";

/** Chain that every flow ends in that no rule accepts. */
export const DEFAULT_DENY_CHAIN = "default-deny";

/** Counts and drops; under `enforcement: audit` counts, logs, and lets pass. */
export function dropStatement(context: ForwardingContext): string {
  return context.vehicle.enforcement === "audit" ? `counter goto ${AUDIT_CHAIN}` : "counter drop";
}

/** The chains that verdicts go to. The audit log is rate-limited for all rules together, so that a flood cannot fill the journal. */
export function verdictChains(context: ForwardingContext): readonly FirewallChain[] {
  const chains: FirewallChain[] = [];
  if (context.vehicle.enforcement === "audit") {
    const origin = vehicleOrigin(context, "enforcement audit");
    const log = 'limit rate 10/second burst 20 packets log prefix "pharos audit: "';
    chains.push({
      kind: "chain",
      name: AUDIT_CHAIN,
      rules: [
        { body: log, origin },
        { body: "accept", origin },
      ],
    });
  }
  if (context.vehicle.defaultAction === "DROP") {
    const origin = vehicleOrigin(context, "default deny");
    chains.push({ kind: "chain", name: DEFAULT_DENY_CHAIN, rules: [{ body: dropStatement(context), origin }] });
  }
  return chains;
}
