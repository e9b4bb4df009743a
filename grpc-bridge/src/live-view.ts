import type { Clock, Log } from "@pharos/base";
import type { Kind, KindMap } from "@pharos/kinds";
import { type Followed, follow, podReader, type Reader } from "@pharos/store";

const FOLLOWED = [
  "Node",
  "Bridge",
  "RoutingConfig",
  "SecurityConfig",
  "ServiceDeployment",
  "ConfigRevision",
  "HostReport",
  "PodNetwork",
] as const;
type FollowedKind = (typeof FOLLOWED)[number] & Kind;

/** What the store holds, of PodNetworks the requests only, kept up to date, and a bell that rings on each change. */
export interface LiveView {
  items<K extends FollowedKind>(kind: K): readonly KindMap[K][];
  /** True once every kind was listed. */
  synced(): boolean;
  /** How many changes were seen; read before `items` it names what they show. */
  changes(): number;
  /**
   * Resolves at the next change, after `ms` at the latest, or when `signal` aborts; at once when there was a change after `since`,
   * which whoever awaits anything between reading and waiting has to give.
   */
  changed(ms: number, signal: AbortSignal, since?: number): Promise<void>;
  readonly finished: Promise<void>;
}

export interface LiveViewOptions {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly log: Log;
}

/** Follows all kinds that the bridge answers from. Of PodNetworks only requests: attachments are many, and no call waits for them. */
export function openLiveView(store: Reader, options: LiveViewOptions): LiveView {
  const reader = podReader(store, (object) => (object.spec.request === undefined ? undefined : object));
  const waiting = new Set<AbortController>();
  let changes = 0;
  const ring = (): void => {
    changes++;
    for (const bell of waiting) bell.abort();
  };
  const followed = new Map<Kind, Followed<Kind>>(
    FOLLOWED.map((kind) => [kind, follow<Kind>(reader, kind, { ...options, onSync: ring, onEvent: ring })]),
  );
  return {
    items: <K extends FollowedKind>(kind: K) => (followed.get(kind)?.items() ?? []) as readonly KindMap[K][],
    synced: () => [...followed.values()].every((one) => one.synced()),
    changes: () => changes,
    changed: async (ms, signal, since = changes) => {
      if (since !== changes) return;
      const bell = new AbortController();
      waiting.add(bell);
      await options.clock.sleep(ms, AbortSignal.any([signal, bell.signal]));
      waiting.delete(bell);
    },
    finished: Promise.all([...followed.values()].map((one) => one.finished)).then(() => {}),
  };
}
