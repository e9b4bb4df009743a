import { hasCode } from "@pharos/base";
import { KIND_INFO } from "@pharos/kinds";
import { STORE_DENIED } from "../codes.ts";
import type { HomeEvent } from "../home.ts";
import { callOf, type KubernetesStore, type Place, pathOf, type Resource } from "../kubernetes/index.ts";
import { microTime } from "../kubernetes/lease.ts";

const EVENTS: Resource = { group: "events.k8s.io", version: "v1", plural: "events" };

/** An event to write. Times in ms of the wall clock. */
export interface NewEvent {
  readonly event: HomeEvent;
  readonly at: number;
  /** From 2 on it is written as a series. */
  readonly count: number;
}

export interface EventSeries {
  readonly count: number;
  /** When it was last seen, in ms of the wall clock. */
  readonly at: number;
}

/** Where events go; failures are the store's errors. */
export interface EventSink {
  /** Gives where the event is, for `count`. */
  create(event: NewEvent): Promise<Place>;
  /** Throws STORE_NOT_FOUND when the event is there no more: API servers forget them after an hour. */
  count(place: Place, series: EventSeries): Promise<void>;
}

export interface EventSinkOptions {
  readonly store: KubernetesStore;
  /** `pharos.io/operator` or `pharos.io/bridge`. */
  readonly controller: string;
  /** Which process tells; at most 128 characters of it are kept. */
  readonly instance: string;
  readonly newId: () => string;
}

/** Writes events.k8s.io/v1 Events. They carry the uid of what they are about: `kubectl describe` finds them by it. */
export function kubernetesEventSink(options: EventSinkOptions): EventSink {
  const { store } = options;
  return {
    create: async (given) => {
      const uid = await uidOf(store, given.event);
      const { place, body } = eventObject(given, uid, options);
      const { namespace } = place;
      const path = pathOf(EVENTS, { namespace });
      await store.transport.call({ call: { ...callOf("create", EVENTS, { namespace }), name: place.name }, method: "POST", path, body });
      return place;
    },
    count: async (place, series) => {
      await store.transport.call({
        call: callOf("patch", EVENTS, place),
        method: "PATCH",
        path: pathOf(EVENTS, place),
        body: { series: seriesObject(series) },
        contentType: "application/merge-patch+json",
      });
    },
  };
}

async function uidOf(store: KubernetesStore, { regarding }: HomeEvent): Promise<string | undefined> {
  try {
    return (await store.get(regarding))?.metadata.uid;
  } catch (error) {
    if (hasCode(error, STORE_DENIED)) return undefined;
    throw error;
  }
}

function eventObject({ event, at, count }: NewEvent, uid: string | undefined, { controller, instance, newId }: EventSinkOptions) {
  const { regarding, reason, type, note } = event;
  // Events about what is in no namespace are in `default`.
  const namespace = regarding.namespace ?? "default";
  const name = `${regarding.name.slice(0, 200).replace(/[^a-z0-9]+$/, "")}.${newId()}`;
  const body = {
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    metadata: { name, namespace },
    eventTime: microTime(at),
    reportingController: controller,
    reportingInstance: instance.slice(0, 128),
    action: "Reconcile",
    reason,
    type,
    note: note.slice(0, 1024),
    regarding: {
      apiVersion: "pharos.io/v1",
      kind: regarding.kind,
      name: regarding.name,
      ...(KIND_INFO[regarding.kind].namespaced ? { namespace } : {}),
      ...(uid === undefined ? {} : { uid }),
    },
    ...(count < 2 ? {} : { series: seriesObject({ count, at }) }),
  };
  return { place: { namespace, name }, body };
}

function seriesObject({ count, at }: EventSeries) {
  return { count, lastObservedTime: microTime(at) };
}
