import type { HopRole } from "./flow.ts";
import type { Judgement } from "./judge.ts";
import type { Law } from "./law.ts";

export const INSIDE_ONE_BRIDGE = "inside one bridge all passes; a SecurityConfig can filter there";

/** Why a hop decided as it did, in one sentence; without a hop: why none did. */
export function reasonOf(law: Law, hop: { readonly role: HopRole; readonly judgement: Judgement } | undefined): string {
  if (hop === undefined) return "both ends are on one wire; no host of the vehicle forwards between them";
  const { role, judgement } = hop;
  const where = `on ${role.host} (${role.role})`;
  switch (judgement.because) {
    case "rule":
      return `${judgement.rule.origin.document} ${judgement.rule.origin.path} ${where}`;
    case "masquerade":
      return `${judgement.rule.origin.document} ${judgement.rule.origin.path} covers the translated source ${where}`;
    case "default deny":
      return `default deny of ${law.vehicle.origin.document} ${where}`;
    case "default accept":
      return `defaultAction ACCEPT of ${law.vehicle.origin.document} ${where}`;
    case "failsafe":
      return judgement.kept === undefined ? `failsafe ${where}` : `failsafe (${judgement.kept}) ${where}`;
    case "spoofed source":
      return `spoofed source ${where}`;
    case "inside one bridge":
      return INSIDE_ONE_BRIDGE;
    case "not governed":
      return role.role === "forward"
        ? "neither end is managed"
        : "no document names this pair, and no host of the vehicle forwards between them";
  }
}
