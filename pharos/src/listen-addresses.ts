import type { ListenAddress } from "@pharos/grpc-bridge";

export interface ListenSettings {
  /** TCP addresses of the Pharos API, `host:port`. */
  readonly listen: readonly string[];
  /** Unix sockets of the Pharos API. */
  readonly sockets: readonly string[];
}

/** Where the Pharos API listens. */
export function listenAddresses({ listen, sockets }: ListenSettings): readonly ListenAddress[] {
  return [...listen.map((address) => ({ address })), ...sockets.map((unixSocket) => ({ unixSocket }))];
}
