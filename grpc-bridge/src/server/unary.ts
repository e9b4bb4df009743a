import { type handleUnaryCall, type ServerUnaryCall, type sendUnaryData, status } from "@grpc/grpc-js";
import { type CodeEntry, describeError, hasCode, type Log } from "@pharos/base";
import { STORE_UNAVAILABLE } from "@pharos/store";
import { BRIDGE_NOT_READY } from "../codes.ts";

/** What a mutating call did, for the audit. */
export interface Audited<Response> {
  readonly response: Response;
  /** One word: `committed`, `refused`, `failed`, `dry-run`, … */
  readonly result: string;
  /** `Kind/name` of the documents that the call named or touched. */
  readonly documents: readonly string[];
}

const UNAVAILABLE: readonly CodeEntry[] = [BRIDGE_NOT_READY, STORE_UNAVAILABLE];

/** A call that only reads. An error becomes a gRPC status with the Pharos code in its text. */
export function reading<Q, S>(log: Log, rpc: string, handler: (request: Q) => Promise<S>): handleUnaryCall<Q, S> {
  return (call, callback) => {
    handler(call.request).then(
      (response) => callback(null, response),
      (error: unknown) => fail({ log, rpc, call, callback }, error),
    );
  };
}

/** A call that may change something: whatever becomes of it, one line of audit says who, what and which documents. */
export function changing<Q, S>(log: Log, rpc: string, handler: (request: Q) => Promise<Audited<S>>): handleUnaryCall<Q, S> {
  return (call, callback) => {
    handler(call.request).then(
      ({ response, result, documents }) => {
        log.info("audit", { rpc, peer: peerOf(call), result, documents: documents.join(" ") });
        callback(null, response);
      },
      (error: unknown) => {
        log.info("audit", { rpc, peer: peerOf(call), result: "error", documents: "" });
        fail({ log, rpc, call, callback }, error);
      },
    );
  };
}

/** An RPC of the specification that this version does not serve. */
export function unimplemented<Q, S>(rpc: string): handleUnaryCall<Q, S> {
  return (_call, callback) =>
    callback({ code: status.UNIMPLEMENTED, details: `Pharos does not implement ${rpc} yet; nothing was changed` });
}

interface Failing<Q, S> {
  readonly log: Log;
  readonly rpc: string;
  readonly call: ServerUnaryCall<Q, S>;
  readonly callback: sendUnaryData<S>;
}

function fail<Q, S>({ log, rpc, call, callback }: Failing<Q, S>, error: unknown): void {
  const code = UNAVAILABLE.some((entry) => hasCode(error, entry)) ? status.UNAVAILABLE : status.INTERNAL;
  log[code === status.INTERNAL ? "error" : "warn"]("call failed", { rpc, peer: peerOf(call), error: describeError(error) });
  callback({ code, details: describeError(error) });
}

/** Unix sockets have no peer address. */
function peerOf(call: ServerUnaryCall<unknown, unknown>): string {
  const peer = call.getPeer();
  return peer === "unknown" ? "unix" : peer;
}
