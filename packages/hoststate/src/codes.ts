import type { CodeEntry } from "@pharos/base";

/** Error codes of this package, PHAROS-1300 to 1399. */
export const HOSTSTATE_CODES = {
  firewallEffectMissing: {
    code: "PHAROS-1300",
    title: "a plan with a firewall transaction was applied to a model that cannot run one",
    action: "Pass the firewall effect to applyPlan.",
  },
} as const satisfies Record<string, CodeEntry>;
