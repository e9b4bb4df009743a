import {
  type ChannelCredentials,
  type ClientReadableStream,
  credentials as channelCredentials,
  Metadata,
  type ServiceError,
} from "@grpc/grpc-js";
import { type Clock, hasCode, type Log, PharosError } from "@pharos/base";
import type { Kind, KindMap } from "@pharos/kinds";
import { StoreServiceClient, type WatchResponse } from "@pharos/rpc";
import { STORE_HISTORY_GONE, STORE_UNAVAILABLE } from "../codes.ts";
import { refOf, refText } from "../ref.ts";
import type { ApplySetResult, ChangeSet, Listing, ObjectRef, Store, WatchEvent, WatchOptions } from "../store.ts";
import { HOST_KEY } from "./store-service.ts";
import { fromWire } from "./wire-error.ts";
import { refFromWire, refToWire } from "./wire-ref.ts";

export interface RemoteStoreOptions {
  /** `unix:/run/pharos/store.sock` or `host:port`. */
  readonly address: string;
  /** Plaintext when not given: for unix sockets. */
  readonly credentials?: ChannelCredentials;
  /** Name of the host that the caller is the agent of. */
  readonly hostName: string;
  readonly clock: Clock;
  readonly log: Log;
  /** ms that one call may take; 5 s when not given. */
  readonly deadline?: number;
}

const DEADLINE = 5000;
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5000;

const CHANNEL_OPTIONS = {
  "grpc.keepalive_time_ms": 10_000,
  "grpc.keepalive_timeout_ms": 5000,
  "grpc.initial_reconnect_backoff_ms": FIRST_PAUSE,
  "grpc.max_reconnect_backoff_ms": LONGEST_PAUSE,
  "grpc.max_receive_message_length": 8 * 1024 * 1024,
};

/**
 * The store of another process. Calls fail with STORE_UNAVAILABLE when it cannot be reached. A watch outlives the
 * connection: it reconnects and goes on, until the history does not reach back or the store is another one.
 */
export function connectRemoteStore(options: RemoteStoreOptions): Store {
  const { address, credentials = channelCredentials.createInsecure() } = options;
  return new RemoteStore(new StoreServiceClient(address, credentials, CHANNEL_OPTIONS), options);
}

type Callback<S> = (error: ServiceError | null, response: S) => void;

class RemoteStore implements Store {
  readonly #client: StoreServiceClient;
  readonly #options: RemoteStoreOptions;
  readonly #metadata: Metadata;

  constructor(client: StoreServiceClient, options: RemoteStoreOptions) {
    this.#client = client;
    this.#options = options;
    this.#metadata = new Metadata();
    this.#metadata.set(HOST_KEY, options.hostName);
  }

  async epoch(): Promise<string> {
    const { epoch } = await this.#call<{ epoch: string }>("epoch", (done) => this.#client.epoch({}, this.#metadata, this.#limit(), done));
    return epoch;
  }

  async get<K extends Kind>(ref: ObjectRef<K>): Promise<KindMap[K] | undefined> {
    const { objectJson } = await this.#call<ObjectJson>(`get of ${refText(ref)}`, (done) =>
      this.#client.get({ ref: refToWire(ref) }, this.#metadata, this.#limit(), done),
    );
    return objectJson === "" ? undefined : (JSON.parse(objectJson) as KindMap[K]);
  }

  async list<K extends Kind>(kind: K): Promise<Listing<K>> {
    const stream = this.#client.list({ kind }, this.#metadata, this.#limit());
    const items: KindMap[K][] = [];
    let point: Point | undefined;
    try {
      for await (const { objectsJson, resourceVersion: version, epoch } of stream) {
        for (const json of objectsJson) items.push(JSON.parse(json) as KindMap[K]);
        point = { epoch, version };
      }
    } catch (error) {
      throw fromWire(error, `list of ${kind}`);
    }
    if (point === undefined) throw new PharosError(STORE_UNAVAILABLE, `list of ${kind} ended early`);
    return { items, resourceVersion: pointText(point) };
  }

  async *watch<K extends Kind>(kind: K, { resourceVersion, signal }: WatchOptions): AsyncGenerator<WatchEvent<K>> {
    let point = parsePoint(resourceVersion);
    let pause = FIRST_PAUSE;
    while (!signal.aborted) {
      try {
        for await (const response of this.#changes(kind, point, signal)) {
          pause = FIRST_PAUSE;
          point = { epoch: point.epoch, version: response.resourceVersion };
          yield eventOf<K>(response, pointText(point));
          if (signal.aborted) return;
        }
      } catch (error) {
        if (signal.aborted) return;
        const failure = fromWire(error, `watch of ${kind}`);
        if (!hasCode(failure, STORE_UNAVAILABLE)) throw failure;
        this.#options.log.debug("watch is interrupted, connecting again", { kind, error: failure.message });
      }
      await this.#options.clock.sleep(pause, signal);
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    }
  }

  async create<K extends Kind>(object: KindMap[K]): Promise<KindMap[K]> {
    const request = { objectJson: JSON.stringify(object) };
    return this.#object<K>(`create of ${refText(refOf(object))}`, (done) =>
      this.#client.create(request, this.#metadata, this.#limit(), done),
    );
  }

  async update<K extends Kind>(object: KindMap[K]): Promise<KindMap[K]> {
    const request = { objectJson: JSON.stringify(object) };
    return this.#object<K>(`update of ${refText(refOf(object))}`, (done) =>
      this.#client.update(request, this.#metadata, this.#limit(), done),
    );
  }

  async patchStatus<K extends Kind>(ref: ObjectRef<K>, status: NonNullable<KindMap[K]["status"]>): Promise<KindMap[K]> {
    const request = { ref: refToWire(ref), statusJson: JSON.stringify(status) };
    return this.#object<K>(`status of ${refText(ref)}`, (done) => this.#client.patchStatus(request, this.#metadata, this.#limit(), done));
  }

  async delete(ref: ObjectRef): Promise<void> {
    await this.#call<object>(`delete of ${refText(ref)}`, (done) =>
      this.#client.delete({ ref: refToWire(ref) }, this.#metadata, this.#limit(), done),
    );
  }

  async applySet({ apply, delete: refs, door }: ChangeSet): Promise<ApplySetResult> {
    const request = { applyJson: apply.map((object) => JSON.stringify(object)), delete: refs.map(refToWire), door };
    const { resourceVersion, changed } = await this.#call<{ resourceVersion: string; changed: readonly WireRef[] }>("change set", (done) =>
      this.#client.applySet(request, this.#metadata, this.#limit(), done),
    );
    return { resourceVersion, changed: changed.map(refFromWire) };
  }

  async close(): Promise<void> {
    this.#client.close();
  }

  async *#changes(kind: Kind, point: Point, signal: AbortSignal): AsyncGenerator<WatchResponse> {
    const { epoch, version: resourceVersion } = point;
    const stream: ClientReadableStream<WatchResponse> = this.#client.watch({ kind, resourceVersion, epoch }, this.#metadata);
    const cancel = () => stream.cancel();
    // The error of a cancelled stream arrives after the loop ended and would have no listener.
    stream.on("error", () => {});
    signal.addEventListener("abort", cancel, { once: true });
    try {
      yield* stream;
    } finally {
      signal.removeEventListener("abort", cancel);
      stream.cancel();
    }
  }

  async #object<K extends Kind>(what: string, start: (done: Callback<ObjectJson>) => unknown): Promise<KindMap[K]> {
    const { objectJson } = await this.#call(what, start);
    return JSON.parse(objectJson) as KindMap[K];
  }

  #call<S>(what: string, start: (done: Callback<S>) => unknown): Promise<S> {
    return new Promise((resolve, reject) => {
      start((error, response) => (error === null ? resolve(response) : reject(fromWire(error, what))));
    });
  }

  #limit(): { deadline: number } {
    return { deadline: this.#options.clock.now() + (this.#options.deadline ?? DEADLINE) };
  }
}

type WireRef = Parameters<typeof refFromWire>[0];
type ObjectJson = { readonly objectJson: string };

/** A point in the history of one store; as text `epoch@version`, so that another store's history is not mistaken for it. */
interface Point {
  readonly epoch: string;
  readonly version: string;
}

function pointText({ epoch, version }: Point): string {
  return `${epoch}@${version}`;
}

function parsePoint(text: string): Point {
  const at = text.lastIndexOf("@");
  if (at < 0) throw new PharosError(STORE_HISTORY_GONE, `${text} is not a point of this store's history`);
  return { epoch: text.slice(0, at), version: text.slice(at + 1) };
}

function eventOf<K extends Kind>({ type, objectJson }: WatchResponse, resourceVersion: string): WatchEvent<K> {
  if (type !== "ADDED" && type !== "MODIFIED" && type !== "DELETED") return { type: "BOOKMARK", resourceVersion };
  return { type, object: JSON.parse(objectJson) as KindMap[K], resourceVersion };
}
