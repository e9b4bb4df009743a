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
export const OPERATOR_KIND_UNREADABLE: CodeEntry = {
  code: "PHAROS-3202",
  title: "the operator may not read a kind, or the kind is not installed",
  action: "install the CRDs and give the operator the rights of the chart's ClusterRole; what runs stays as it is",
};
export const OPERATOR_ROLLBACK_REFUSED: CodeEntry = {
  code: "PHAROS-3203",
  title: "a rollback is not possible",
  action: "roll back to another revision, or mend the documents",
};
export const OPERATOR_WORKLOAD_REFUSED: CodeEntry = {
  code: "PHAROS-3204",
  title: "an object that runs a service, or its registry entry, cannot be written",
  action: "mend what the reason names; it is tried again by itself, and all other services go on",
};
