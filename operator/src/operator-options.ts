import type { Clock, Log } from "@pharos/base";
import type { Home } from "@pharos/store";
import type { CompilerPort } from "./decide/compiler-port.ts";

export interface OperatorOptions {
  readonly home: Home;
  readonly clock: Clock;
  readonly log: Log;
  /** Ends the operator. */
  readonly signal: AbortSignal;
  /** How long a new store waits for the hosts' reports before it gives out blocks, in ms from the start; 10 s when not given. */
  readonly adoptionWait?: number;
  /** Hosts whose agents can be reached now; absent where nobody knows. */
  readonly connectedHosts?: () => ReadonlySet<string>;
  /** How long a node has to be gone before what its host left is collected, in ms; a minute when not given. */
  readonly goneAfter?: number;
  /** A number in [0, 1), for jitter; `Math.random` when not given. */
  readonly random?: () => number;
  /** What checks, allocates and serialises; tests give their own. */
  readonly compiler?: CompilerPort;
  /** Told after each change of what the operator sees or does: for probes and metrics. */
  readonly onState?: (state: OperatorState) => void;
}

/** How an operator stands. */
export interface OperatorState {
  /** True once all that it can read was listed. */
  readonly synced: boolean;
  /** The newest revision's number as far as it is seen; 0 when there is none. */
  readonly revision: number;
  /** Changes that the watches did not tell, found by lists. */
  readonly misses: number;
}
