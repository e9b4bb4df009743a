import { EventsV1Api, type EventsV1Event, type KubeConfig, V1MicroTime } from "@kubernetes/client-node";
import { type Clock, describeError, type Log } from "@pharos/base";
import type { EventRecorder, HomeEvent } from "../home.ts";
import { refText } from "../ref.ts";

export interface EventsOptions {
  readonly config: KubeConfig;
  /** `pharos.io/operator` or `pharos.io/bridge`. */
  readonly controller: string;
  /** Which process tells. */
  readonly instance: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Equal events within this are counted in one object, ms. */
const SERIES = 10 * 60 * 1000;
/** A series is written anew at most this often, ms. */
const SERIES_EVERY = 60_000;
/** Different events that may wait to be sent; more are dropped, and the log says so. */
const MOST_WAITING = 256;
const MOST_KNOWN = 1024;

interface Series {
  readonly event: EventsV1Event;
  readonly began: number;
  count: number;
  writtenAt: number;
}

/** Writes events (events.k8s.io/v1) one after the other, in the background. */
export function kubernetesEvents(options: EventsOptions): EventRecorder {
  return new Recorder(options);
}

class Recorder implements EventRecorder {
  readonly #options: EventsOptions;
  readonly #api: EventsV1Api;
  readonly #known = new Map<string, Series>();
  readonly #waiting: (() => Promise<void>)[] = [];
  #sending = false;

  constructor(options: EventsOptions) {
    this.#options = options;
    this.#api = options.config.makeApiClient(EventsV1Api);
  }

  record(event: HomeEvent): void {
    const now = this.#options.clock.monotonic();
    const key = `${refText(event.regarding)} ${event.type} ${event.reason} ${event.note}`;
    const series = this.#known.get(key);
    if (series === undefined || now - series.began > SERIES) this.#begin(key, event, now);
    else this.#count(series, now);
  }

  #begin(key: string, event: HomeEvent, now: number): void {
    const series = { event: this.#object(event), began: now, count: 1, writtenAt: now };
    this.#known.delete(key);
    this.#known.set(key, series);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MOST_KNOWN) break;
      this.#known.delete(oldest);
    }
    this.#send(async () => {
      await this.#api.createNamespacedEvent({ namespace: namespaceOf(series.event), body: series.event });
    });
  }

  #count(series: Series, now: number): void {
    series.count += 1;
    if (now - series.writtenAt < SERIES_EVERY) return;
    series.writtenAt = now;
    const counted = { count: series.count, lastObservedTime: new V1MicroTime(this.#options.clock.now()) };
    this.#send(async () => {
      const namespace = namespaceOf(series.event);
      const name = series.event.metadata?.name ?? "";
      const current = await this.#api.readNamespacedEvent({ namespace, name });
      await this.#api.replaceNamespacedEvent({ namespace, name, body: { ...current, series: counted } });
    });
  }

  #send(write: () => Promise<void>): void {
    if (this.#waiting.length >= MOST_WAITING) {
      this.#options.log.warn("too many events wait, one is dropped");
      return;
    }
    this.#waiting.push(write);
    if (!this.#sending) void this.#drain();
  }

  async #drain(): Promise<void> {
    this.#sending = true;
    for (let write = this.#waiting.shift(); write !== undefined; write = this.#waiting.shift()) {
      try {
        await write();
      } catch (error) {
        this.#options.log.debug("an event was not written", { error: describeError(error) });
      }
    }
    this.#sending = false;
  }

  #object({ regarding, type, reason, note }: HomeEvent): EventsV1Event {
    const { clock, controller, instance } = this.#options;
    const now = clock.now();
    const namespace = regarding.namespace ?? "default";
    return {
      metadata: {
        name: `${regarding.name.slice(0, 200)}.${Math.floor(now).toString(16)}${Math.floor(clock.monotonic() * 1000).toString(16)}`,
        namespace,
      },
      eventTime: new V1MicroTime(now),
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
        ...(regarding.namespace === undefined ? {} : { namespace }),
      },
    };
  }
}

function namespaceOf(event: EventsV1Event): string {
  return event.metadata?.namespace ?? "default";
}
