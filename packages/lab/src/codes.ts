import type { CodeEntry } from "@pharos/base";

/** Register of the lab: PHAROS-7100 to PHAROS-7199. */
export const LAB_COMMAND_FAILED: CodeEntry = {
  code: "PHAROS-7100",
  title: "a command of the lab failed",
  action: "see the command's own message; `pharosctl lab down` removes what is left",
};
export const LAB_EXISTS: CodeEntry = {
  code: "PHAROS-7101",
  title: "a lab of this name is up",
  action: "`pharosctl lab down` first, or give another --name",
};
export const LAB_MISSING: CodeEntry = {
  code: "PHAROS-7102",
  title: "there is no such lab",
  action: "`pharosctl lab up -f vehicle.yaml` makes one",
};
export const LAB_UNKNOWN_PLACE: CodeEntry = {
  code: "PHAROS-7103",
  title: "no host or pod of this name is in the lab",
  action: "`pharosctl lab status` lists them",
};
export const LAB_NO_NAMESPACES: CodeEntry = {
  code: "PHAROS-7104",
  title: "this user may not make network namespaces",
  action: "run as root, or allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone, AppArmor)",
};
export const LAB_NOT_READY: CodeEntry = {
  code: "PHAROS-7105",
  title: "the lab did not come up",
  action: "read the log file that the message names; `pharosctl lab down` removes the lab",
};
export const LAB_BAD_NAME: CodeEntry = {
  code: "PHAROS-7106",
  title: "this cannot be the name of a lab or pod",
  action: "a lab: 1 to 16 lower-case letters and digits; a pod: as Kubernetes wants it, at most 63 characters",
};
