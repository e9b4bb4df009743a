import { once } from "node:events";
import type { ServerUnaryCall, ServerWritableStream, sendUnaryData } from "@grpc/grpc-js";
import { describeError, type Log, PharosError } from "@pharos/base";
import type { Kind, KindMap } from "@pharos/kinds";
import type { ListRequest, ListResponse, StoreServiceServer, WatchRequest, WatchResponse } from "@pharos/rpc";
import { STORE_DENIED, STORE_HISTORY_GONE } from "../codes.ts";
import { refOf } from "../ref.ts";
import { refusal } from "../refused.ts";
import type { Store } from "../store.ts";
import type { Authorize, IntendedWrite } from "./authorize.ts";
import type { HostPresence } from "./presence.ts";
import { toWire } from "./wire-error.ts";
import { refFromWire, refToWire } from "./wire-ref.ts";

/** Characters of JSON in one message of a list. */
const LIST_CHUNK = 512 * 1024;

/** The metadata key that names the caller's host. */
export const HOST_KEY = "pharos-host";

export interface StoreServiceOptions {
  readonly store: Store;
  /** Which writes a caller may make; everybody may read. */
  readonly authorize: Authorize;
  /** Learns which hosts have an open watch. */
  readonly presence?: HostPresence;
  readonly log: Log;
}

/** The store behind the internal gRPC service, to be added to a server as `StoreServiceService`. */
export function storeService({ store, authorize, presence, log }: StoreServiceOptions): StoreServiceServer {
  const writing = <Q, S>(work: (request: Q, allow: Allow) => Promise<S>) =>
    unary<Q, S>(log, (request, host) => work(request, (write) => requireAllowed(authorize, host, write)));
  return {
    get: unary(log, async ({ ref }) => {
      const object = await store.get(refFromWire(ref));
      return { objectJson: object === undefined ? "" : JSON.stringify(object) };
    }),
    list: (call) => void streaming(call, log, () => sendList(store, call)),
    watch: (call) => {
      const host = call.metadata.get(HOST_KEY)[0]?.toString() ?? "";
      const leave = host === "" ? () => {} : presence?.enter(host);
      void streaming(call, log, (signal) => sendChanges(store, call, signal)).finally(leave);
    },
    create: writing(async ({ objectJson }, allow) => {
      const object = parseObject(objectJson);
      allow({ verb: "create", object });
      return { objectJson: JSON.stringify(await store.create(object)) };
    }),
    update: writing(async ({ objectJson }, allow) => {
      const object = parseObject(objectJson);
      allow({ verb: "update", object, current: await store.get(refOf(object)) });
      return { objectJson: JSON.stringify(await store.update(object)) };
    }),
    patchStatus: writing(async ({ ref: wireRef, statusJson }, allow) => {
      const ref = refFromWire(wireRef);
      allow({ verb: "patchStatus", ref, current: await store.get(ref) });
      return { objectJson: JSON.stringify(await store.patchStatus(ref, parseStatus(statusJson))) };
    }),
    delete: writing(async ({ ref: wireRef }, allow) => {
      const ref = refFromWire(wireRef);
      allow({ verb: "delete", ref, current: await store.get(ref) });
      await store.delete(ref);
      return {};
    }),
    applySet: writing(async ({ applyJson, delete: wireRefs, door }, allow) => {
      const changes = { apply: applyJson.map(parseObject), delete: wireRefs.map(refFromWire), door };
      for (const object of changes.apply) allow({ verb: "update", object, current: await store.get(refOf(object)) });
      for (const ref of changes.delete) allow({ verb: "delete", ref, current: await store.get(ref) });
      const { resourceVersion, changed } = await store.applySet(changes);
      return { resourceVersion, changed: changed.map(refToWire) };
    }),
    epoch: unary(log, async () => ({ epoch: await store.epoch() })),
  };
}

type Allow = (write: IntendedWrite) => void;

function requireAllowed(authorize: Authorize, host: string | undefined, write: IntendedWrite): void {
  const reason = authorize(host, write);
  if (reason !== undefined) throw new PharosError(STORE_DENIED, reason);
}

function unary<Q, S>(log: Log, work: (request: Q, host: string | undefined) => Promise<S>) {
  return (call: ServerUnaryCall<Q, S>, callback: sendUnaryData<S>): void => {
    const host = call.metadata.get(HOST_KEY)[0]?.toString();
    work(call.request, host).then(
      (response) => callback(null, response),
      (error: unknown) => {
        if (!(error instanceof PharosError))
          log.error("a call of the store service failed", { path: call.getPath(), error: describeError(error) });
        callback(toWire(error));
      },
    );
  };
}

async function streaming<Q, S>(call: ServerWritableStream<Q, S>, log: Log, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const cancelled = new AbortController();
  call.on("cancelled", () => cancelled.abort());
  try {
    await work(cancelled.signal);
    call.end();
  } catch (error) {
    if (cancelled.signal.aborted) return;
    if (!(error instanceof PharosError))
      log.error("a stream of the store service failed", { path: call.getPath(), error: describeError(error) });
    call.emit("error", toWire(error));
  }
}

async function sendList(store: Store, call: ServerWritableStream<ListRequest, ListResponse>): Promise<void> {
  const epoch = await store.epoch();
  const { items, resourceVersion } = await store.list(call.request.kind as Kind);
  let chunk: string[] = [];
  let size = 0;
  for (const item of items) {
    const json = JSON.stringify(item);
    if (size > 0 && size + json.length > LIST_CHUNK) {
      await send(call, { objectsJson: chunk, resourceVersion, epoch });
      chunk = [];
      size = 0;
    }
    chunk.push(json);
    size += json.length;
  }
  await send(call, { objectsJson: chunk, resourceVersion, epoch });
}

async function sendChanges(store: Store, call: ServerWritableStream<WatchRequest, WatchResponse>, signal: AbortSignal): Promise<void> {
  const { kind, resourceVersion, epoch: expected } = call.request;
  const epoch = await store.epoch();
  if (expected !== "" && expected !== epoch)
    throw new PharosError(STORE_HISTORY_GONE, "the store is another one than the one that was listed");
  await send(call, { type: "BOOKMARK", objectJson: "", resourceVersion, epoch });
  for await (const event of store.watch(kind as Kind, { resourceVersion, signal })) {
    const objectJson = event.type === "BOOKMARK" ? "" : JSON.stringify(event.object);
    await send(call, { type: event.type, objectJson, resourceVersion: event.resourceVersion, epoch }, signal);
  }
}

/** Waits while the client reads slower than we write. */
async function send<Q, S>(call: ServerWritableStream<Q, S>, message: S, signal?: AbortSignal): Promise<void> {
  if (call.write(message)) return;
  await once(call, "drain", signal === undefined ? {} : { signal });
}

function parseObject(json: string): KindMap[Kind] {
  const object = parseJson(json);
  const metadata = "metadata" in object ? object.metadata : undefined;
  if (typeof metadata !== "object" || metadata === null) throw refusal("request", "metadata", "is missing");
  return object as KindMap[Kind];
}

function parseStatus(json: string): NonNullable<KindMap[Kind]["status"]> {
  return parseJson(json) as NonNullable<KindMap[Kind]["status"]>;
}

function parseJson(json: string): object {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw refusal("request", "", "is not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refusal("request", "", "is not a JSON object");
  return value;
}
