import type { CodeEntry } from "@pharos/base";

/** Register of the operator: PHAROS-3200 to PHAROS-3299. */
export const OPERATOR_ROUND_FAILED: CodeEntry = {
  code: "PHAROS-3200",
  title: "a round of the operator failed",
  action: "it is tried again by itself; the hosts stay with their last revision",
};
export const OPERATOR_CHANGE_INCOMPLETE: CodeEntry = {
  code: "PHAROS-3201",
  title: "a change set did not become complete",
  action: "apply the change again; what arrived of it was taken as single changes",
};
