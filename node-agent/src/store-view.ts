import { type Clock, describeError, type Log } from "@pharos/base";
import type { ConfigRevision, Kind, KindMap, PodNetwork } from "@pharos/kinds";
import { decodeRevision, type Followed, follow, podReader, type Reader } from "@pharos/store";
import { isAttachment, leanPods } from "./lean-pods.ts";
import type { SeenLive } from "./merged-live.ts";
import type { HashedRevision } from "./snapshot.ts";

/** What the agent sees of the store. What was seen last stays while the store is away. */
export interface StoreView {
  /** The revision with the highest number; undefined before the first contact and in an empty store. */
  newestRevision(): HashedRevision | undefined;
  /** True once the store said which revisions it has, be it none. */
  hasTold(): boolean;
  /** Attachments of all other hosts and registered services, as far as they were seen. Parts stay the same objects until something changes. */
  live(): SeenLive;
  /** All PodNetworks: attachments and requests; undefined before the first contact. */
  podNetworks(): readonly PodNetwork[] | undefined;
  /** Resolves when following ended. */
  readonly finished: Promise<unknown>;
}

export interface StoreViewOptions {
  readonly store: Reader;
  readonly host: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly onRevision: () => void;
  readonly onPods: () => void;
  readonly onServices: () => void;
  /** After each contact: the store may be another one than before. */
  readonly onContact: () => void;
  /** How following a kind went: an error, or undefined for a list that came. */
  readonly onHeard: (kind: Kind, error: unknown) => void;
}

/** Follows revisions, pods and services. */
export function viewStore(options: StoreViewOptions): StoreView {
  const { store, host, clock, log, signal, onHeard } = options;
  const reader = leanReader(store, host);
  const followed = <K extends Kind>(kind: K, onChange: () => void): Followed<K> => {
    const onSync = () => {
      onHeard(kind, undefined);
      if (kind === "ConfigRevision") options.onContact();
      onChange();
    };
    return follow(reader, kind, { signal, clock, log, onSync, onEvent: onChange, onFailure: (error) => onHeard(kind, error) });
  };
  let newest: HashedRevision | undefined;
  const revisions = followed("ConfigRevision", () => {
    newest = newestOf(revisions.items(), newest, log);
    options.onRevision();
  });
  const pods = followed("PodNetwork", options.onPods);
  const services = followed("ServiceRegistration", options.onServices);
  const attachments = derived((items: readonly PodNetwork[]) => items.filter(isAttachment));
  return {
    newestRevision: () => newest,
    hasTold: () => revisions.synced(),
    live: () => ({
      ...(pods.synced() ? { podNetworks: attachments(pods.items()) } : {}),
      ...(services.synced() ? { serviceRegistrations: services.items() } : {}),
    }),
    podNetworks: () => (pods.synced() ? pods.items() : undefined),
    finished: Promise.all([revisions.finished, pods.finished, services.finished]),
  };
}

/** Works out a value again only when its source is another object than the last time. */
function derived<S, T>(work: (source: S) => T): (source: S) => T {
  let last: { readonly source: S; readonly value: T } | undefined;
  return (source) => {
    if (last?.source !== source) last = { source, value: work(source) };
    return last.value;
  };
}

/** Reads without what this host has no use for. */
function leanReader(store: Reader, host: string): Reader {
  const reader = podReader(store, leanPods(host));
  return {
    ...reader,
    list: async (kind) => {
      const { items, resourceVersion } = await reader.list(kind);
      return { items: withoutOldContents(items), resourceVersion };
    },
  };
}

/** Of revisions only the newest can be run, and the one before it where that one is damaged; the contents of the rest are large. */
function withoutOldContents<T extends KindMap[Kind]>(items: readonly T[]): readonly T[] {
  const numbers = items.flatMap((object) => (object.kind === "ConfigRevision" ? [object.spec.number] : [])).sort((a, b) => b - a);
  const oldest = numbers[1] ?? 0;
  return items.map((object) =>
    object.kind === "ConfigRevision" && object.spec.number < oldest ? { ...object, spec: { ...object.spec, content: "" } } : object,
  );
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
