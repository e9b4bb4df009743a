import { type Clock, hasCode, type Log, PharosError } from "@pharos/base";
import { STORE_HISTORY_GONE, STORE_UNAVAILABLE } from "../codes.ts";
import { pauseAfter } from "../unavailable.ts";
import { type ApiStatus, failureOfStatus } from "./api-error.ts";
import { callOf, pathOf, type Resource } from "./resource.ts";
import type { Transport } from "./transport.ts";

/** What every object of Kubernetes has. */
export interface ApiObject {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly resourceVersion?: string };
}

export interface Collection<T> {
  readonly resource: Resource;
  /** Only this namespace; absent: all. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Makes of an object as the API server sends it what is kept, the rest can be collected page by page. Undefined: it is not told of. */
  readonly trim: (object: ApiObject) => T | undefined;
}

export interface ReflectorOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly log: Log;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
}

export interface ReflectedList<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
}

export type ReflectedEvent<T> =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: T; readonly resourceVersion: string }
  | { readonly type: "BOOKMARK"; readonly resourceVersion: string };

interface WireList {
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items: readonly ApiObject[] | null;
}

interface WireEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: ApiObject & ApiStatus;
}

/** Objects per page: what is parsed at one time decides how far the heap grows; with 100 a process of 10,000 objects is 15 MiB smaller than with 500. */
const PAGE = 100;
/** The server ends a watch by itself after this, in s, plus up to as much again: watches do not all end at one time. */
const WATCH_SECONDS = 300;
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5000;
/** Asks for names and versions only. */
const METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/** Lists page by page. When the pages' snapshot expires half-way, begins again, once. */
export async function listAll<T>(options: ReflectorOptions, collection: Collection<T>): Promise<ReflectedList<T>> {
  try {
    return await listPages(options, collection);
  } catch (error) {
    if (!hasCode(error, STORE_HISTORY_GONE)) throw error;
    return listPages(options, collection);
  }
}

async function listPages<T>({ transport }: ReflectorOptions, collection: Collection<T>): Promise<ReflectedList<T>> {
  const items: T[] = [];
  let next = "";
  while (true) {
    const query = selectors(collection, { limit: String(PAGE), ...(next === "" ? {} : { continue: next }) });
    const page = await transport.call<WireList>(listRequest(collection, query));
    for (const object of page.items ?? []) {
      const kept = collection.trim(object);
      if (kept !== undefined) items.push(kept);
    }
    next = page.metadata.continue ?? "";
    if (next === "") return { items, resourceVersion: page.metadata.resourceVersion ?? "" };
  }
}

/**
 * Tells each change after a point. Outlives ends, resets, silence and damage of the connection by going on from the last
 * whole event. Throws STORE_HISTORY_GONE when the history does not reach back, or the server's history ends before the
 * point (it was restored from a backup); other refusals as the store's errors.
 */
export async function* watchFrom<T>(
  options: ReflectorOptions,
  collection: Collection<T>,
  start: { readonly resourceVersion: string; readonly signal: AbortSignal },
): AsyncGenerator<ReflectedEvent<T>> {
  const { clock, log, random } = options;
  const { signal } = start;
  let point = start.resourceVersion;
  let pause = FIRST_PAUSE;
  while (!signal.aborted) {
    let wait = pause;
    try {
      await requireHistory(options, collection, point);
      for await (const event of watchOnce(options, collection, { resourceVersion: point, signal })) {
        pause = FIRST_PAUSE;
        point = event.resourceVersion;
        yield event;
        if (signal.aborted) return;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!hasCode(error, STORE_UNAVAILABLE)) throw error;
      wait = pauseAfter(error, pause);
      log.debug("a watch is interrupted, connecting again", { resource: collection.resource.plural, error: error.message });
    }
    await clock.sleep(wait * (1 + random()), signal);
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  }
}

/** A server whose history ends before our point would keep silent until it gets there. Versions are comparable numbers (KEP-5504). */
async function requireHistory<T>({ transport }: ReflectorOptions, collection: Collection<T>, point: string): Promise<void> {
  const gone = () => new PharosError(STORE_HISTORY_GONE, `${point} is no point of the history of ${collection.resource.plural}`);
  if (!/^\d{1,20}$/.test(point)) throw gone();
  const { metadata } = await transport.call<WireList>({
    ...listRequest(collection, selectors(collection, { limit: "1" })),
    accept: METADATA_ONLY,
  });
  if (BigInt(metadata.resourceVersion ?? "0") < BigInt(point)) throw gone();
}

async function* watchOnce<T>(
  { transport, random }: ReflectorOptions,
  collection: Collection<T>,
  { resourceVersion, signal }: { readonly resourceVersion: string; readonly signal: AbortSignal },
): AsyncGenerator<ReflectedEvent<T>> {
  const { resource, namespace } = collection;
  const place = namespace === undefined ? {} : { namespace };
  const seconds = Math.round(WATCH_SECONDS * (1 + random()));
  const query = selectors(collection, { watch: "1", allowWatchBookmarks: "true", resourceVersion, timeoutSeconds: String(seconds) });
  const call = callOf("watch", resource, place);
  for await (const line of transport.lines({ call, method: "GET", path: `${pathOf(resource, place)}?${query}` }, signal)) {
    const { type, object } = parsedEvent(line, resource);
    if (type === "ERROR") throw failureOfStatus(call, object);
    const version = object.metadata.resourceVersion ?? "";
    const kept = type === "BOOKMARK" ? undefined : collection.trim(object);
    yield type === "BOOKMARK" || kept === undefined
      ? { type: "BOOKMARK", resourceVersion: version }
      : { type, object: kept, resourceVersion: version };
  }
}

function parsedEvent(line: string, { plural }: Resource): WireEvent {
  try {
    return JSON.parse(line) as WireEvent;
  } catch (error) {
    throw new PharosError(STORE_UNAVAILABLE, `a watch of ${plural} sent a line that is no JSON`, { cause: error });
  }
}

function listRequest<T>({ resource, namespace }: Collection<T>, query: URLSearchParams) {
  const place = namespace === undefined ? {} : { namespace };
  return { call: callOf("list", resource, place), method: "GET" as const, path: `${pathOf(resource, place)}?${query}` };
}

function selectors<T>({ labelSelector, fieldSelector }: Collection<T>, more: Readonly<Record<string, string>>): URLSearchParams {
  return new URLSearchParams({
    ...more,
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  });
}
