import type { CallbackEndpoint } from "@pharos/grpc-bridge";

/** Parses `spec=host:port` or `pullpiri=host:port`; throws an error that says how it is written. */
export function callbackEndpoint(text: string): CallbackEndpoint {
  const match = /^(spec|pullpiri)=(.+)$/.exec(text);
  const [, dialect, address] = match ?? [];
  if (address === undefined || (dialect !== "spec" && dialect !== "pullpiri")) {
    throw new Error(`--callback ${text}: write spec=host:port or pullpiri=host:port`);
  }
  return { dialect, address };
}
