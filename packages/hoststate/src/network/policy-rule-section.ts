import type { Section } from "../section.ts";
import type { PolicyRule } from "./policy-rules.ts";

const WHOLE_MARK = 0xffffffff;

function selector(name: string, prefix: string | undefined): string {
  return prefix === undefined || prefix.endsWith("/0") ? "" : ` ${name} ${prefix}`;
}

function line(rule: PolicyRule): string {
  const mask = rule.mask === undefined || rule.mask === WHOLE_MARK ? "" : `/0x${rule.mask.toString(16)}`;
  const parts = [
    `${rule.family} ${rule.priority}`,
    selector("from", rule.from),
    selector("to", rule.to),
    rule.iif === undefined ? "" : ` iif ${rule.iif}`,
    rule.oif === undefined ? "" : ` oif ${rule.oif}`,
    rule.mark === undefined ? "" : ` mark 0x${rule.mark.toString(16)}${mask}`,
    ` lookup ${rule.table}`,
  ];
  return parts.join("");
}

/** Policy rules by all of their fields: several may have one priority, and none can be changed in place. */
export const policyRuleSection: Section<PolicyRule> = {
  key: line,
  equal: () => true,
  steps: (changes) => [
    ...changes.flatMap((change) => (change.kind === "delete" ? [] : [{ kind: "policy-rule.add", rule: change.desired } as const])),
    ...changes.flatMap((change) => (change.kind === "delete" ? [{ kind: "policy-rule.delete", rule: change.observed } as const] : [])),
  ],
  text: (rule) => [line(rule)],
};
