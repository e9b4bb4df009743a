import { type Clock, describeError, type Log } from "@pharos/base";
import { DOCUMENT_KINDS, documentTitle, isVehicleDocument, type VehicleDocument } from "@pharos/compiler";
import { type DecodedRevision, decodeRevision, type ObjectRef, refOf, refText, type Store } from "@pharos/store";
import type { Overlay } from "../documents/overlay.ts";
import type { LiveView } from "../live-view.ts";
import { type Outcome, type OutcomeInput, outcomeOf } from "./outcome.ts";
import { Patience } from "./patience.ts";

/** What the annotation `pharos.io/door` says of objects that this API wrote. */
const DOOR = "grpc";

/** Longest wait for a ring of the bell, ms; a guard against a bell that was missed. */
const LOOK_AGAIN_MS = 1000;

export interface CommitOptions {
  readonly store: Store;
  readonly view: LiveView;
  readonly clock: Clock;
  readonly log: Log;
  readonly connectedHosts?: () => ReadonlySet<string>;
  /** Until every reachable host has committed, ms. */
  readonly timeoutMs: number;
  /** How long none of the hosts may be reachable, ms. */
  readonly noHostMs: number;
  readonly signal: AbortSignal;
}

export type CommitResult =
  | { readonly kind: "committed"; readonly version: string; readonly message: string; readonly changed: readonly string[] }
  | { readonly kind: "failed"; readonly message: string; readonly changed: readonly string[] };

/**
 * Writes the change and waits until every reachable host runs it. After a failure, or when the time is over, the former
 * documents are put back, unless somebody else changed them meanwhile. Run one at a time.
 */
export async function commitChange(change: Overlay, options: CommitOptions): Promise<CommitResult> {
  const { store } = options;
  const refs = [...change.apply.map((document) => refOf(document)), ...change.delete];
  const former = await readEach(store, refs);
  const result = await store.applySet({ apply: change.apply, delete: change.delete, door: DOOR });
  const changed = result.changed.map(refText);
  const written = await readEach(
    store,
    change.apply.map((document) => refOf(document)),
  );
  const outcome = await waitForOutcome({ written, deleted: change.delete, isUnchanged: changed.length === 0 }, options);
  if (outcome.kind === "committed") {
    const { epoch, number } = outcome.revision;
    return { kind: "committed", version: `${epoch}/${number}`, message: committedMessage(outcome), changed };
  }
  const back = changed.length === 0 ? "; the documents were in the store already, and stay" : await putBack({ former, written }, options);
  return { kind: "failed", message: `${outcome.reason}${back}`, changed };
}

async function waitForOutcome(
  change: Pick<OutcomeInput, "written" | "deleted" | "isUnchanged">,
  options: CommitOptions,
): Promise<Exclude<Outcome, { kind: "waiting" }>> {
  const { view, signal, store } = options;
  const patience = new Patience(options);
  const epoch = await store.epoch();
  const newestOf = newestRevision(view, epoch, options.log);
  for (;;) {
    const current = DOCUMENT_KINDS.flatMap((kind): readonly VehicleDocument[] => view.items(kind));
    const outcome = outcomeOf({
      ...change,
      current,
      newest: newestOf(),
      reports: view.items("HostReport"),
      connected: options.connectedHosts?.(),
    });
    if (outcome.kind !== "waiting") return outcome;
    const wait = patience.look(outcome);
    if ("over" in wait) return { kind: "failed", reason: wait.over };
    await view.changed(Math.min(wait.ms, LOOK_AGAIN_MS), signal);
  }
}

/** The newest revision of this epoch; unpacked once per revision. */
export function newestRevision(view: LiveView, epoch: string, log: Log): () => DecodedRevision | undefined {
  let known: DecodedRevision | undefined;
  return () => {
    const objects = view.items("ConfigRevision").filter(({ spec }) => spec.epoch === epoch);
    const newest = objects.reduce<(typeof objects)[number] | undefined>(
      (best, one) => (best === undefined || one.spec.number > best.spec.number ? one : best),
      undefined,
    );
    if (newest === undefined || newest.spec.number === known?.number) return known;
    try {
      known = decodeRevision(newest);
    } catch (error) {
      log.error("cannot read the newest revision", { revision: newest.metadata.name, error: describeError(error) });
    }
    return known;
  };
}

/** Which revision runs where. */
export function committedMessage({ revision, hosts, pending }: Extract<Outcome, { kind: "committed" }>): string {
  const later = pending.length === 0 ? "" : `; not reachable, will follow: ${pending.join(", ")}`;
  return `revision ${revision.number} runs on ${hosts.join(", ")}${later}`;
}

interface Former {
  readonly former: readonly VehicleDocument[];
  readonly written: readonly VehicleDocument[];
}

/** Restores the documents as they were before the change; tells in words what it did. */
async function putBack({ former, written }: Former, { store, log }: CommitOptions): Promise<string> {
  const formerNames = new Set(former.map(documentTitle));
  const current = await readEach(
    store,
    written.map((document) => refOf(document)),
  );
  const foreign = current.filter(
    (document) =>
      document.metadata.generation !== written.find((one) => documentTitle(one) === documentTitle(document))?.metadata.generation,
  );
  if (foreign.length > 0)
    return `; the former documents were not put back, because ${foreign.map(documentTitle).join(", ")} changed meanwhile`;
  try {
    const apply = former.map(({ metadata, ...rest }) => {
      const { resourceVersion: _old, ...kept } = metadata;
      return { ...rest, metadata: kept } as VehicleDocument;
    });
    const created = written.filter((document) => !formerNames.has(documentTitle(document)));
    await store.applySet({ apply, delete: created.map((document) => refOf(document)), door: DOOR });
    log.warn("change failed, former documents put back", { documents: written.map(documentTitle).join(" ") });
    return "; the former documents are back";
  } catch (error) {
    log.error("change failed, and the former documents could not be put back", { error: describeError(error) });
    return `; the former documents could not be put back: ${describeError(error)}`;
  }
}

async function readEach(store: Store, refs: readonly ObjectRef[]): Promise<readonly VehicleDocument[]> {
  const objects = await Promise.all(refs.map((ref) => store.get(ref)));
  return objects.filter((object) => object !== undefined).filter(isVehicleDocument);
}
