import { Server } from "@grpc/grpc-js";
import { allowPeers, type PeerRule } from "./allow-peers.ts";

/** Bytes of one request. Above what `documents` accepts, so that too large a document gets a finding and not a broken call. */
const MAX_REQUEST_BYTES = 32 * 1024 * 1024;
const MAX_RESPONSE_BYTES = 32 * 1024 * 1024;
/** Calls at once on one connection; an agent's watches need about ten. */
const MAX_STREAMS = 100;

/** The one server of the Pharos API, with bounds on sizes, streams and idle connections. */
export function createServer(rule: PeerRule): Server {
  return new Server({
    "grpc.max_receive_message_length": MAX_REQUEST_BYTES,
    "grpc.max_send_message_length": MAX_RESPONSE_BYTES,
    "grpc.max_concurrent_streams": MAX_STREAMS,
    // A peer that lost power holds its connection for at most 30 s.
    "grpc.keepalive_time_ms": 20_000,
    "grpc.keepalive_timeout_ms": 10_000,
    interceptors: [allowPeers(rule)],
  });
}
