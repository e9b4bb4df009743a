import type { CodeEntry } from "@pharos/base/errors";

/** Register of the CNI plugin: PHAROS-5000 to PHAROS-5099. */
export const PLUGIN_BAD_JSON: CodeEntry = {
  code: "PHAROS-5001",
  title: "plugin configuration cannot be decoded",
  action: "give the plugin one JSON object on standard input",
};
export const PLUGIN_BAD_COMMAND: CodeEntry = {
  code: "PHAROS-5002",
  title: "CNI command is missing or unknown",
  action: "set CNI_COMMAND to ADD, DEL, CHECK, GC, STATUS or VERSION",
};
export const PLUGIN_VERSION_UNSUPPORTED: CodeEntry = {
  code: "PHAROS-5003",
  title: "CNI version is not supported for this command",
  action: "use a cniVersion that the command VERSION lists; CHECK needs 0.4.0, GC and STATUS need 1.1.0",
};
export const PLUGIN_NO_DATA: CodeEntry = {
  code: "PHAROS-5004",
  title: "no network data on this host yet",
  action: "wait for the agent's first commit, or give the data inline in the plugin configuration as `pharos`",
};
export const PLUGIN_BAD_NAMESPACE: CodeEntry = {
  code: "PHAROS-5005",
  title: "network namespace of the container cannot be used",
  action: "check CNI_NETNS: it must be the path of a network namespace that is not the host's",
};
export const PLUGIN_KERNEL_REFUSED: CodeEntry = {
  code: "PHAROS-5006",
  title: "kernel refused a change",
  action: "check the cause; the attachment was taken back",
};
export const PLUGIN_FOREIGN_LINK: CodeEntry = {
  code: "PHAROS-5007",
  title: "a link of this name exists and is not ours",
  action: "rename or remove the link",
};
export const PLUGIN_CHECK_FAILED: CodeEntry = {
  code: "PHAROS-5008",
  title: "attachment is not as it was made",
  action: "remove the pod and let it start again",
};
export const PLUGIN_UNKNOWN_ATTACHMENT: CodeEntry = {
  code: "PHAROS-5009",
  title: "attachment is not in the ledger",
  action: "remove the pod and let it start again",
};
export const PLUGIN_KERNEL_BUSY: CodeEntry = {
  code: "PHAROS-5015",
  title: "kernel has no room for a change now",
  action: "nothing: the runtime tries again; if it stays so, look for what exhausts memory or open files",
};
export const PLUGIN_LIMITED: CodeEntry = {
  code: "PHAROS-5010",
  title: "pods cannot be attached, and those that are may have lost their network",
  action: "rename or remove the link that the message names",
};
export const PLUGIN_NOT_READY: CodeEntry = {
  code: "PHAROS-5011",
  title: "pods cannot be attached now",
  action: "see the message; on a host of a vehicle, check that a Bridge for pods lives here",
};
