export { type Attachment, attachmentOf, type HeldAttachment, sameKey, turnsOf, withLease } from "./attachment.ts";
export type { Bandwidth, RateLimit } from "./bandwidth.ts";
export type { PodAddress } from "./choose-addresses.ts";
export { bridgeOf } from "./choose-bridge.ts";
export * from "./codes.ts";
export { type AttachmentFacts, decideAttachments } from "./decide-attachments.ts";
export { type Dns, readDns } from "./dns.ts";
export { type JsonObject, listOf, objectOf, textOf } from "./fields.ts";
export { aliasOf, bridgeMacOf, hostNameOf, isMarkOf, macOf, POD_ALIAS, type Witness, witnessOf } from "./names.ts";
export { readNetworkData } from "./network-data.ts";
export { PLUGIN_TYPE, type PluginPlaces, pluginConfiguration, pluginConfigurationList } from "./plugin-configuration.ts";
export type { PodRoute } from "./pod-routes.ts";
export { POD_TABLE, type PodTraffic, podElements, podTableFrame, podTableRules, podTableSets } from "./pod-table.ts";
export type { PortMapping } from "./port-mappings.ts";
export { afterPrevious, type ChainedResult, readPreviousResult } from "./previous-result.ts";
export type { RenewedLease } from "./renewed-lease.ts";
export {
  ADDRESS_ANNOTATION,
  BRIDGE_ANNOTATION,
  type PodKey,
  type PodParameters,
  type PodRequest,
  readBridges,
  readKey,
  readNetworkName,
  readRequest,
} from "./request.ts";
export { type Attached, type AttachedLinks, CNI_VERSIONS, type CniResult, type CniVersion, isCniVersion, resultOf } from "./result.ts";
