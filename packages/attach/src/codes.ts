import type { CodeEntry } from "@pharos/base";

/** Register of the attach package: PHAROS-2200 to PHAROS-2299. */
export const ATTACH_BAD_CONFIG: CodeEntry = {
  code: "PHAROS-2201",
  title: "plugin configuration is not valid",
  action: "mend the field that the message names in the CNI configuration, annotation or capability",
};
export const ATTACH_BAD_PARAMETER: CodeEntry = {
  code: "PHAROS-2202",
  title: "parameter from the container runtime is missing or not valid",
  action: "check the runtime's CNI_* variables",
};
export const ATTACH_BAD_DATA: CodeEntry = {
  code: "PHAROS-2203",
  title: "network data is damaged",
  action: "the agent writes it again at its next commit; check that the agent runs",
};
export const ATTACH_NO_BRIDGE: CodeEntry = {
  code: "PHAROS-2204",
  title: "no bridge for the pod on this host",
  action: "name one in the pod's annotation pharos.io/bridge, or mark one Bridge as default",
};
export const ATTACH_EXHAUSTED: CodeEntry = {
  code: "PHAROS-2205",
  title: "no free address is left in the bridge's ranges on this host",
  action: "give the Bridge a larger range or block, or remove pods",
};
export const ATTACH_ADDRESS_TAKEN: CodeEntry = {
  code: "PHAROS-2206",
  title: "requested address belongs to another pod",
  action: "free the address, or request another",
};
export const ATTACH_PORT_TAKEN: CodeEntry = {
  code: "PHAROS-2208",
  title: "host port belongs to another pod",
  action: "wait until the other pod is removed, or choose another hostPort",
};
export const ATTACH_ADDRESS_OUTSIDE: CodeEntry = {
  code: "PHAROS-2207",
  title: "requested address cannot be handed out here",
  action: "request an address inside this host's block of the bridge that is neither its gateway nor excluded",
};
export const ATTACH_UNSUPPORTED: CodeEntry = {
  code: "PHAROS-2209",
  title: "field of the plugin configuration is not supported",
  action: "remove the field that the message names",
};
