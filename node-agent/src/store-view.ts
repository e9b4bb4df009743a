import { type Clock, describeError, type Log } from "@pharos/base";
import type { Live } from "@pharos/compiler";
import type { ConfigRevision, PodNetwork } from "@pharos/kinds";
import { decodeRevision, follow, type Reader } from "@pharos/store";
import type { HashedRevision } from "./snapshot.ts";

/** What the agent sees of the store. What was seen last stays while the store is away. */
export interface StoreView {
  /** The revision with the highest number; undefined before the first contact and in an empty store. */
  newestRevision(): HashedRevision | undefined;
  /** Attachments and registered services of all hosts; undefined before the first contact. The same object until something changes. */
  live(): Live | undefined;
  /** All PodNetworks: attachments and requests. */
  podNetworks(): readonly PodNetwork[];
  /** Resolves when following ended. */
  readonly finished: Promise<unknown>;
}

export interface StoreViewOptions {
  readonly store: Reader;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly onRevision: () => void;
  readonly onPods: () => void;
  readonly onServices: () => void;
  /** After each contact: the store may be another one than before. */
  readonly onContact: () => void;
}

/** Follows revisions, pods and services. */
export function viewStore(options: StoreViewOptions): StoreView {
  const { store, clock, log, signal } = options;
  const both = (onChange: () => void) => ({ signal, clock, log, onSync: onChange, onEvent: onChange });
  let newest: HashedRevision | undefined;
  const revisions = follow(store, "ConfigRevision", {
    ...both(() => {
      newest = newestOf(revisions.items(), newest, log);
      options.onRevision();
    }),
    onSync: () => {
      newest = newestOf(revisions.items(), newest, log);
      options.onContact();
      options.onRevision();
    },
  });
  let live: Live | undefined;
  const changed = (onChange: () => void) =>
    both(() => {
      live = undefined;
      onChange();
    });
  const pods = follow(store, "PodNetwork", changed(options.onPods));
  const services = follow(store, "ServiceRegistration", changed(options.onServices));
  return {
    newestRevision: () => newest,
    live: () => {
      if (!pods.synced() || !services.synced()) return undefined;
      live ??= { podNetworks: pods.items().filter((pod) => pod.spec.request === undefined), serviceRegistrations: services.items() };
      return live;
    },
    podNetworks: () => pods.items(),
    finished: Promise.all([revisions.finished, pods.finished, services.finished]),
  };
}

/** Decodes only what is new: a revision is immutable. One that cannot be read counts as not there. */
function newestOf(items: readonly ConfigRevision[], known: HashedRevision | undefined, log: Log): HashedRevision | undefined {
  const ordered = [...items].sort((a, b) => b.spec.number - a.spec.number);
  for (const object of ordered) {
    const { epoch, number, hash } = object.spec;
    if (known?.epoch === epoch && known.number === number && known.hash === hash) return known;
    try {
      return decodeRevision(object);
    } catch (error) {
      log.error("revision left out", { revision: object.metadata.name, error: describeError(error) });
    }
  }
  return undefined;
}
