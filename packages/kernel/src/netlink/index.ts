export * from "./address-message.ts";
export * from "./constants.ts";
export * from "./link-message.ts";
export { decodeLink, type LinkRecord } from "./link-record.ts";
export {
  type Attributes,
  attribute,
  attributesOf,
  type BatchPart,
  batchOf,
  errnoOf,
  message,
  messagesOf,
  type NetlinkMessage,
  nested,
  nestedOf,
  text,
  textOf,
  u8,
  u8Of,
  u16be,
  u32,
  u32Of,
} from "./message.ts";
export { errnoName } from "./netlink-error.ts";
export * from "./nft-rule-message.ts";
export * from "./route-message.ts";
export * from "./rule-message.ts";
export {
  decodeSetElements,
  type ElementField,
  elementText,
  encodeBatchBegin,
  encodeBatchEnd,
  encodeListedElementDelete,
  encodeSetElementAdd,
  encodeSetElementDelete,
  encodeSetElementDump,
  type SetElement,
} from "./set-element-message.ts";
export * from "./traffic-control-message.ts";
