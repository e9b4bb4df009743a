import type { CodeEntry } from "@pharos/base";

/** Register of the gRPC bridge: PHAROS-6000 to PHAROS-6099. */
export const BRIDGE_LISTEN_FAILED: CodeEntry = {
  code: "PHAROS-6000",
  title: "the Pharos API cannot listen",
  action: "check the address, the folder of the socket, and whether another program listens there",
};
export const BRIDGE_PLAINTEXT_REFUSED: CodeEntry = {
  code: "PHAROS-6001",
  title: "plaintext beyond loopback was not asked for",
  action: "list the source addresses that may call without TLS, or listen on loopback or a unix socket",
};
export const BRIDGE_NOT_READY: CodeEntry = {
  code: "PHAROS-6002",
  title: "the store is not open yet",
  action: "repeat the call in a few seconds",
};
export const BRIDGE_NO_VEHICLE: CodeEntry = {
  code: "PHAROS-6003",
  title: "the documents hold no Node",
  action: "send the Node document together with its Bridges and RoutingConfigs",
};
export const BRIDGE_NO_DOCUMENT: CodeEntry = {
  code: "PHAROS-6004",
  title: "there is no document in the text",
  action: "send at least one YAML document",
};
export const BRIDGE_CALLBACK_FAILED: CodeEntry = {
  code: "PHAROS-6006",
  title: "Piccolo did not take a callback",
  action: "check the callback address and dialect; delivery is repeated by itself",
};
export const BRIDGE_KIND_REFUSED: CodeEntry = {
  code: "PHAROS-6008",
  title: "a kind that only Pharos writes",
  action: "send Node, Bridge, RoutingConfig, SecurityConfig and ServiceDeployment documents only",
};
export const BRIDGE_SETTING_INVALID: CodeEntry = {
  code: "PHAROS-6007",
  title: "a setting of the bridge is not usable",
  action: "mend the setting that the message names",
};
