import { type Clock, describeError, hasCode, type Log } from "@pharos/base";
import type { PodNetwork } from "@pharos/kinds";
import { refOf, STORE_CONFLICT, STORE_NOT_FOUND, type Store } from "@pharos/store";
import type { Completion } from "../callbacks/completion.ts";
import type { LiveView } from "../live-view.ts";
import { COMPLETED_ANNOTATION, completedAs, deadlineOf, dueCompletion } from "./completed.ts";

/** Longest sleep between two looks, ms. */
const LOOK_AGAIN_MS = 5000;
/** After the answer to RequestNetworkPod, so that Piccolo knows the id when its completion comes; ms. */
const AFTER_ANSWER_MS = 150;
/** Completed requests that are kept for GetNetworkStatus. */
const KEPT_REQUESTS = 200;

export interface CompleteRequestsOptions {
  readonly store: Store;
  readonly view: LiveView;
  readonly post: (completion: Completion) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
  readonly timeoutMs: number;
}

/**
 * Watches requests and posts each one's completion: to the outbox first, then marked on the object. A power cut between
 * the two posts it again; none is lost. Returns when `signal` aborts.
 */
export async function completeRequests(options: CompleteRequestsOptions, signal: AbortSignal): Promise<void> {
  const { view, clock, log, timeoutMs } = options;
  while (!signal.aborted) {
    const since = view.changes();
    const requests = view.items("PodNetwork");
    for (const request of requests) {
      await completeOne(request, options).catch((error: unknown) =>
        log.warn("cannot complete a request, trying again", { request: request.metadata.name, error: describeError(error) }),
      );
    }
    await forgetOld(requests, options);
    const open = requests.filter((object) => completedAs(object) === undefined);
    const wait = Math.min(LOOK_AGAIN_MS, ...open.map((object) => Math.max(50, deadlineOf(object, timeoutMs) - clock.now())));
    await view.changed(wait, signal, since);
  }
}

async function completeOne(seen: PodNetwork, { store, post, clock, log, timeoutMs }: CompleteRequestsOptions): Promise<void> {
  if (dueCompletion(seen, clock.now(), timeoutMs) === undefined) return;
  // The view may lag behind our own mark.
  const object = await store.get(refOf<"PodNetwork">(seen));
  const due = object === undefined ? undefined : dueCompletion(object, clock.now(), timeoutMs);
  const id = object?.spec.request?.id;
  if (object === undefined || due === undefined || id === undefined) return;
  if (due.status === "TIMEOUT")
    await store.patchStatus(refOf<"PodNetwork">(object), { ...object.status, phase: "Failed", message: due.details });
  await post({
    requestId: id,
    status: due.status,
    details: due.details,
    notBefore: Date.parse(object.spec.request?.requestedAt ?? "") + AFTER_ANSWER_MS || 0,
  });
  await mark(object, due.status, store);
  log.info("request completed", { requestId: id, status: due.status, details: due.details });
}

/** The agent writes the status at the same time, so the mark is repeated on the newest version. */
async function mark(object: PodNetwork, word: string, store: Store): Promise<void> {
  for (let current: PodNetwork | undefined = object; current !== undefined; current = await store.get(refOf<"PodNetwork">(object))) {
    const annotations = { ...current.metadata.annotations, [COMPLETED_ANNOTATION]: word };
    try {
      await store.update<"PodNetwork">({ ...current, metadata: { ...current.metadata, annotations } });
      return;
    } catch (error) {
      if (!hasCode(error, STORE_CONFLICT)) throw error;
    }
  }
}

async function forgetOld(requests: readonly PodNetwork[], { store, log }: CompleteRequestsOptions): Promise<void> {
  const completed = requests.filter((object) => completedAs(object) !== undefined);
  const byAge = completed.sort((a, b) => ((a.spec.request?.requestedAt ?? "") < (b.spec.request?.requestedAt ?? "") ? -1 : 1));
  for (const object of byAge.slice(0, Math.max(0, byAge.length - KEPT_REQUESTS))) {
    await store.delete(refOf<"PodNetwork">(object)).catch((error: unknown) => {
      if (!hasCode(error, STORE_NOT_FOUND))
        log.warn("cannot remove an old request", { request: object.metadata.name, error: describeError(error) });
    });
  }
}
