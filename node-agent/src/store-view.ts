import type { Clock, Log } from "@pharos/base";
import type { Live } from "@pharos/compiler";
import { decodeRevision, follow, type Store } from "@pharos/store";
import type { HashedRevision } from "./snapshot.ts";

/** What the agent sees of the store; absent until the store was reached once. */
export interface StoreView {
  newestRevision(): HashedRevision | undefined;
  live(): Live | undefined;
}

export interface StoreViewOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly onRevision: () => void;
  readonly onLive: () => void;
}
