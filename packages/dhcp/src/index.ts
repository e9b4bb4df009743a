export { type Client, deadlineOf, discover, passTime, rebind, reboot, receive, renew, type Step } from "./client.ts";
export * from "./codes.ts";
export { decodeMessage } from "./decode-message.ts";
export { encodeMessage } from "./encode-message.ts";
export { BROADCAST_MAC, CLIENT_PORT, decodeFrame, encodeAnnouncement, encodeFrame, SERVER_PORT, type UdpFrame } from "./frame.ts";
export { type Lease, type LeaseTerm, leaseTimes } from "./lease.ts";
export { type DhcpMessage, type DhcpOptions, MESSAGE_TYPES, type MessageType, type OfferedRoute } from "./message.ts";
export { type ClientSettings, type LeaseHolder, releaseOf } from "./requests.ts";
