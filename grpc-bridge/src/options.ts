import type { ServiceDefinition, UntypedServiceImplementation } from "@grpc/grpc-js";
import type { Clock, Log } from "@pharos/base";
import type { Store } from "@pharos/store";

/** Where the API listens: a TCP address `host:port` (port 0: any free one), or a unix socket. */
export type ListenAddress = { readonly address: string } | { readonly unixSocket: string };

/** How Piccolo wants to be called back: as the specification says, or as Eclipse Pullpiri does. */
export type CallbackDialect = "spec" | "pullpiri";

/** One receiver of callbacks. Each completion goes to every endpoint. */
export interface CallbackEndpoint {
  readonly dialect: CallbackDialect;
  /** `host:port`, or `unix:/path`. */
  readonly address: string;
}

/** Another service on the same port: the internal store service of `standalone`. */
export interface ExtraService {
  readonly service: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
}

export interface BridgeOptions {
  /** The port opens at once; calls wait for the store up to `storeWaitMs` and then answer UNAVAILABLE. */
  readonly store: Store | Promise<Store>;
  readonly listen: readonly ListenAddress[];
  /** Addresses and prefixes beyond loopback that may call without TLS. */
  readonly plaintextFrom?: readonly string[];
  readonly callbacks?: readonly CallbackEndpoint[];
  /** Folder for what must survive a restart: the outboxes of callbacks. */
  readonly stateDir: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Ends the bridge. */
  readonly signal: AbortSignal;
  /** Added to the server when the store is open. */
  readonly extraServices?: (store: Store) => readonly ExtraService[];
  /**
   * Hosts with a live stream to the store. Without it each host that has a HostReport counts as reachable, and waiting
   * for one that sleeps ends by time-out.
   */
  readonly connectedHosts?: () => ReadonlySet<string>;
  /** Unique ids of requests and changes; random UUIDs when not given. */
  readonly newId?: () => string;
  readonly timing?: Partial<BridgeTiming>;
}

/** Bounds of waiting, in ms. */
export interface BridgeTiming {
  /** Until every reachable host has committed a change. Default 30,000. */
  readonly commitMs: number;
  /** How long a change waits while none of the hosts is reachable. Default 10,000: by then a host that is awake has come back. */
  readonly noHostMs: number;
  /** Until a request for a pod's network ends as TIMEOUT. Default 60,000. */
  readonly requestMs: number;
  /** For the store to open, per call. Default 10,000. */
  readonly storeWaitMs: number;
  /** One attempt of a callback. Default 5,000. */
  readonly callbackMs: number;
}

export const DEFAULT_TIMING: BridgeTiming = {
  commitMs: 30_000,
  noHostMs: 10_000,
  requestMs: 60_000,
  storeWaitMs: 10_000,
  callbackMs: 5_000,
};
