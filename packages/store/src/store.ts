import type { Kind, KindMap, PodNetwork } from "@pharos/kinds";

/** Names one object. `namespace` is given for namespaced kinds only. */
export interface ObjectRef<K extends Kind = Kind> {
  readonly kind: K;
  readonly name: string;
  readonly namespace?: string;
}

export interface Listing<K extends Kind> {
  readonly items: readonly KindMap[K][];
  /** The point in the store's history that the list shows; a watch goes on from here. */
  readonly resourceVersion: string;
}

export type WatchEvent<K extends Kind> =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: KindMap[K]; readonly resourceVersion: string }
  /** No change; the history was seen up to here. */
  | { readonly type: "BOOKMARK"; readonly resourceVersion: string };

export interface WatchOptions {
  /** Events after this point. Too old a point throws STORE_HISTORY_GONE: list again. */
  readonly resourceVersion: string;
  /** Ends the watch without an error. */
  readonly signal: AbortSignal;
}

/** What is kept of a PodNetwork, of which there are many; undefined: nothing, as if it were not there. */
export type TrimPod = (object: PodNetwork) => PodNetwork | undefined;

export interface Reader {
  /** Undefined when there is no such object. */
  get<K extends Kind>(ref: ObjectRef<K>): Promise<KindMap[K] | undefined>;
  /** Sorted by namespace, then name. */
  list<K extends Kind>(kind: K): Promise<Listing<K>>;
  watch<K extends Kind>(kind: K, options: WatchOptions): AsyncIterable<WatchEvent<K>>;
  /** Given by readers that can trim while objects come; `podReader` does it for all. */
  trimmingPods?(trim: TrimPod): Reader;
}

/** Changes that belong together. */
export interface ChangeSet {
  /** Created, or replaced in metadata.labels, metadata.annotations and spec. Status is never touched. */
  readonly apply: readonly KindMap[Kind][];
  readonly delete: readonly ObjectRef[];
  /** Which door wrote it; kept as the annotation `pharos.io/door` on each object. */
  readonly door: string;
}

export interface ApplySetResult {
  readonly resourceVersion: string;
  /** Objects that really changed (an equal spec changes nothing), and deleted ones. */
  readonly changed: readonly ObjectRef[];
}

/**
 * Writers use optimistic concurrency: where the given object carries metadata.resourceVersion, it must be the current
 * one, else STORE_CONFLICT. metadata.generation grows when spec changes. Objects are validated by the kind's schema
 * and CEL rules; a refusal is STORE_INVALID with the findings.
 */
export interface Writer {
  create<K extends Kind>(object: KindMap[K]): Promise<KindMap[K]>;
  update<K extends Kind>(object: KindMap[K]): Promise<KindMap[K]>;
  /** Replaces the status; an equal status writes nothing and keeps the resourceVersion. */
  patchStatus<K extends Kind>(ref: ObjectRef<K>, status: NonNullable<KindMap[K]["status"]>): Promise<KindMap[K]>;
  /** Deleting what is not there is STORE_NOT_FOUND. */
  delete(ref: ObjectRef): Promise<void>;
  /** One transaction: all or nothing. Deleting what is not there is no error here. */
  applySet(changes: ChangeSet): Promise<ApplySetResult>;
}

export type Store = Reader &
  Writer & {
    /** Names this store's history: a new, empty store has a new epoch. */
    epoch(): Promise<string>;
    close(): Promise<void>;
  };
