import type { Clock, Log } from "@pharos/base";
import type { Store } from "@pharos/store";
import type { Completion } from "../callbacks/completion.ts";
import type { LiveView } from "../live-view.ts";
import type { BridgeTiming } from "../options.ts";

/** What every handler works with. */
export interface HandlerContext {
  /** Waits for the store to open. Throws BRIDGE_NOT_READY when it takes too long. */
  readonly ready: () => Promise<{ readonly store: Store; readonly view: LiveView }>;
  /** Runs one change of documents at a time. */
  readonly alone: <T>(work: () => Promise<T>) => Promise<T>;
  readonly post: (completion: Completion) => Promise<void>;
  readonly connectedHosts?: () => ReadonlySet<string>;
  readonly newId: () => string;
  readonly timing: BridgeTiming;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}
