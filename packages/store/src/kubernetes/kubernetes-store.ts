import { type Clock, type Log, PharosError } from "@pharos/base";
import type { Kind, KindMap } from "@pharos/kinds";
import { STORE_FENCED, STORE_NOT_FOUND } from "../codes.ts";
import { byPlace } from "../object-cache.ts";
import { refOf, refText } from "../ref.ts";
import type { ApplySetResult, ChangeSet, Listing, ObjectRef, Reader, Store, TrimPod, WatchEvent, WatchOptions } from "../store.ts";
import { applyChangeSet } from "./change-set.ts";
import type { KubernetesCredentials } from "./credentials.ts";
import { ObjectWriter } from "./object-writer.ts";
import { kubernetesPodReader } from "./pod-reader.ts";
import { listAll, type ReflectorOptions, watchFrom } from "./reflector.ts";
import { repeatOnConflict } from "./repeat-on-conflict.ts";
import { callOf, pathOf, type Resource, resourceOf } from "./resource.ts";
import { ServerClock } from "./server-clock.ts";
import { type ApiCall, Transport } from "./transport.ts";
import { trimTo } from "./trimmed-object.ts";

export interface KubernetesStoreOptions {
  readonly credentials: KubernetesCredentials;
  /** Who owns the fields that are written: `pharos-operator`, `pharos-agent` or `pharos-bridge`. */
  readonly fieldManager: string;
  readonly clock: Clock;
  readonly log: Log;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
  /** Names change sets. */
  readonly newId: () => string;
  /** Asked before each write; false refuses it with STORE_FENCED. */
  readonly mayWrite?: () => boolean;
  /** Told of each call, before it is sent. */
  readonly onCall?: (call: ApiCall) => void;
  /** ms that a call may take; 10 s when not given. */
  readonly deadline?: number;
  /** ms without a byte after which a watch counts as broken; 90 s when not given. */
  readonly idle?: number;
}

/** A store, and the connection beneath it for objects of other kinds. */
export interface KubernetesStore extends Store {
  readonly transport: Transport;
  readonly reflector: ReflectorOptions;
}

const NAMESPACES: Resource = { group: "", version: "v1", plural: "namespaces" };

/** The Kubernetes API as a store. Calls fail with STORE_UNAVAILABLE when it cannot be reached; watches outlive that. */
export function connectKubernetesStore(options: KubernetesStoreOptions): KubernetesStore {
  const { credentials, clock, log, random, onCall, deadline, idle } = options;
  const serverClock = new ServerClock(clock, log);
  const transport = new Transport({
    credentials,
    onServerTime: (time) => serverClock.heard(time),
    ...(onCall === undefined ? {} : { onCall }),
    ...(deadline === undefined ? {} : { deadline }),
    ...(idle === undefined ? {} : { idle }),
  });
  const reflector = { transport, clock, log, random };
  const mayWrite = () => {
    if (options.mayWrite?.() === false) throw new PharosError(STORE_FENCED, "this process leads no more; nothing was written");
  };
  const writer = new ObjectWriter({ transport, fieldManager: options.fieldManager, mayWrite });
  return new ApiStore(reflector, writer, options.newId);
}

class ApiStore implements KubernetesStore {
  readonly reflector: ReflectorOptions;
  readonly #writer: ObjectWriter;
  readonly #newId: () => string;

  constructor(reflector: ReflectorOptions, writer: ObjectWriter, newId: () => string) {
    this.reflector = reflector;
    this.#writer = writer;
    this.#newId = newId;
  }

  get transport(): Transport {
    return this.reflector.transport;
  }

  /** The uid of the namespace that every cluster has and nobody can delete. */
  async epoch(): Promise<string> {
    const place = { name: "kube-system" };
    const request = { call: callOf("get", NAMESPACES, place), method: "GET", path: pathOf(NAMESPACES, place) } as const;
    const { metadata } = await this.transport.call<{ readonly metadata: { readonly uid: string } }>(request);
    return metadata.uid;
  }

  async get<K extends Kind>(ref: ObjectRef<K>): Promise<KindMap[K] | undefined> {
    const found = await this.#writer.read(ref);
    return found === undefined ? undefined : trimTo(ref.kind)(found);
  }

  async list<K extends Kind>(kind: K): Promise<Listing<K>> {
    const { items, resourceVersion } = await listAll(this.reflector, collectionOf(kind));
    return { items: [...items].sort(byPlace), resourceVersion };
  }

  watch<K extends Kind>(kind: K, options: WatchOptions): AsyncIterable<WatchEvent<K>> {
    return watchFrom(this.reflector, collectionOf(kind), options);
  }

  trimmingPods(trim: TrimPod): Reader {
    return kubernetesPodReader(this, this.reflector, trim);
  }

  async create<K extends Kind>(object: KindMap[K]): Promise<KindMap[K]> {
    return trimTo(object.kind as K)(await this.#writer.create(object));
  }

  update<K extends Kind>(object: KindMap[K]): Promise<KindMap[K]> {
    const kind = object.kind as K;
    return repeatOnConflict(object.metadata.resourceVersion === undefined, async () => {
      const current = await this.#writer.read(refOf(object));
      if (current === undefined) throw new PharosError(STORE_NOT_FOUND, `there is no ${refText(refOf(object))}`);
      const next = this.#writer.replaced(current, object);
      return trimTo(kind)(next === undefined ? current : await this.#writer.replace(next));
    });
  }

  async patchStatus<K extends Kind>(ref: ObjectRef<K>, status: NonNullable<KindMap[K]["status"]>): Promise<KindMap[K]> {
    return trimTo(ref.kind)(await this.#writer.applyStatus(ref, status));
  }

  async delete(ref: ObjectRef): Promise<void> {
    await this.#writer.remove(ref);
  }

  applySet(changes: ChangeSet): Promise<ApplySetResult> {
    return applyChangeSet(this.#writer, changes, this.#newId());
  }

  async close(): Promise<void> {
    this.transport.close();
  }
}

function collectionOf<K extends Kind>(kind: K) {
  return { resource: resourceOf(kind), trim: trimTo(kind) };
}
