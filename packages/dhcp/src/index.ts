export * from "./codes.ts";
export { decodeMessage } from "./decode-message.ts";
export { encodeMessage } from "./encode-message.ts";
export { type DhcpMessage, type DhcpOptions, MESSAGE_TYPES, type MessageType, type OfferedRoute } from "./message.ts";
