import { type Clock, describeError, hasCode, type Log, PharosError, Wake } from "@pharos/base";
import { STORE_EVENTS_LOST, STORE_NOT_FOUND, STORE_UNAVAILABLE } from "../codes.ts";
import type { EventRecorder, HomeEvent } from "../home.ts";
import type { Place } from "../kubernetes/index.ts";
import { refText } from "../ref.ts";
import { pauseAfter } from "../unavailable.ts";
import { BoundedMap, EventCorrelator } from "./correlate-events.ts";
import type { EventSink } from "./event-sink.ts";

export interface EventsOptions {
  readonly sink: EventSink;
  readonly clock: Clock;
  readonly log: Log;
}

/** Tells people by events of Kubernetes, in the background. */
export interface KubernetesEvents extends EventRecorder {
  /** How many were not written: too many about one object, too many that wait, or refused. */
  dropped(): number;
  /** What waits is dropped; later events, too. */
  close(): void;
}

/** A repetition is written at most this often, in ms. */
const COUNT_EVERY = 60_000;
/** Events that may wait for the API server. */
const MOST_WAITING = 256;
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 60_000;
/** Attempts for one event: a quarter of an hour of an API server that is away. */
const MOST_ATTEMPTS = 20;

interface Series {
  readonly event: HomeEvent;
  /** ms of the wall clock, of the last one. */
  at: number;
  count: number;
  /** How many of them the API server knows. */
  told: number;
  /** ms of the monotonic clock. */
  toldAt: number;
  attempts: number;
  /** Where the event was written. */
  place: Place | undefined;
}

/** Writes events one after the other; equal ones of 10 minutes become one with a count. */
export function kubernetesEvents(options: EventsOptions): KubernetesEvents {
  return new Recorder(options);
}

class Recorder implements KubernetesEvents {
  readonly #options: EventsOptions;
  readonly #correlator = new EventCorrelator();
  readonly #series = new BoundedMap<Series>();
  readonly #closed = new AbortController();
  readonly #wake: Wake;
  #dropped = 0;
  #failing = false;

  constructor(options: EventsOptions) {
    this.#options = options;
    this.#wake = new Wake(options.clock);
    void this.#run(this.#closed.signal);
  }

  dropped(): number {
    return this.#dropped;
  }

  close(): void {
    this.#closed.abort();
  }

  record(event: HomeEvent): void {
    if (this.#closed.signal.aborted) return;
    const { clock } = this.#options;
    const { type, reason, note } = event;
    const correlation = this.#correlator.correlate({ about: refText(event.regarding), type, reason, note }, clock.monotonic());
    if (correlation.kind === "drop") this.#lose("too many events about one object");
    else this.#take(correlation.key, correlation.kind === "begin" ? { ...event, note: correlation.note } : event, correlation.kind);
  }

  #take(key: string, event: HomeEvent, kind: "begin" | "count"): void {
    const at = this.#options.clock.now();
    const known = kind === "count" ? this.#series.get(key) : undefined;
    if (known !== undefined) Object.assign(known, { at, count: known.count + 1 });
    else if (this.#waiting() < MOST_WAITING) {
      this.#series.set(key, { event, at, count: 1, told: 0, toldAt: 0, attempts: 0, place: undefined });
    } else this.#lose("too many events wait for the API server");
    this.#wake.ring();
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    let pause = FIRST_PAUSE;
    while (!signal.aborted) {
      const { next, wait } = this.#next(clock.monotonic());
      if (next === undefined) {
        await this.#wake.wait(wait, signal);
        continue;
      }
      const failure = await this.#tell(next);
      if (failure === undefined) pause = FIRST_PAUSE;
      else await clock.sleep(pauseAfter(failure, pause), signal);
      if (failure !== undefined) pause = Math.min(pause * 2, LONGEST_PAUSE);
    }
  }

  /** The first one that is due, and else how long nothing is, in ms. */
  #next(now: number): { readonly next?: Series; readonly wait: number } {
    let wait = COUNT_EVERY;
    for (const series of this.#series.values()) {
      if (series.told === series.count) continue;
      const due = series.place === undefined ? now : series.toldAt + COUNT_EVERY;
      if (due <= now) return { next: series, wait: 0 };
      wait = Math.min(wait, due - now);
    }
    return { wait };
  }

  /** Writes an event or its count. Gives the failure after which it is tried again. */
  async #tell(series: Series): Promise<unknown> {
    const { sink, clock } = this.#options;
    const { event, count, at, place } = series;
    try {
      if (place === undefined) series.place = await sink.create({ event, count, at });
      else await sink.count(place, { count, at });
      Object.assign(series, { told: count, toldAt: clock.monotonic(), attempts: 0 });
      this.#failing = false;
    } catch (error) {
      series.attempts += 1;
      const isGone = place !== undefined && hasCode(error, STORE_NOT_FOUND);
      if (isGone) series.place = undefined;
      else if (!hasCode(error, STORE_UNAVAILABLE) || series.attempts >= MOST_ATTEMPTS) {
        Object.assign(series, { told: count, attempts: 0 });
        this.#lose("an event is refused", error);
      } else return error;
    }
    return undefined;
  }

  #waiting(): number {
    let waiting = 0;
    for (const { told, count } of this.#series.values()) waiting += told === count ? 0 : 1;
    return waiting;
  }

  /** Counts; says so once until it works again. */
  #lose(why: string, cause?: unknown): void {
    this.#dropped += 1;
    if (this.#failing) return;
    this.#failing = true;
    this.#options.log.warn(describeError(new PharosError(STORE_EVENTS_LOST, why, cause === undefined ? {} : { cause })));
  }
}
