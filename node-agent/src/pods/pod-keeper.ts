import { mkdirSync, watch } from "node:fs";
import { type Clock, describeError, hasCode, type Log } from "@pharos/base";
import type { PodNetwork } from "@pharos/kinds";
import type { LedgerEntry } from "@pharos/ledger";
import { refOf, STORE_EXISTS, STORE_NOT_FOUND, STORE_UNAVAILABLE, type Store } from "@pharos/store";
import { RoundCall } from "../round-call.ts";
import { isAttachedRequest, isPendingRequest } from "./match-request.ts";
import type { NetworkStatusTeller } from "./network-status-teller.ts";
import { pendingBridges } from "./pending-bridges.ts";
import { type PublishAction, publishActions } from "./published-pods.ts";
import type { Answer, RequestDesk } from "./request-desk.ts";
import type { RequestFiles } from "./request-files.ts";
import type { ContainerRuntime } from "./runtime.ts";

/** Full look at requests and ledger when nothing wakes the keeper. */
const ROUND_MS = 10_000;
const SETTLE_MS = 5;
/** Back-off while the store takes nothing: doubled from the first to the last. */
const RETRY_MS = { first: 1000, last: 30_000 };

export interface PodKeeperOptions {
  readonly host: string;
  readonly store: Store;
  readonly runtime: Pick<ContainerRuntime, "watch">;
  readonly desk: RequestDesk;
  readonly files: RequestFiles;
  /** Absent where pods have no annotations that others read. */
  readonly teller?: NetworkStatusTeller;
  /** Folder of the ledger. */
  readonly stateDir: string;
  /** The attachments that hold at this moment. */
  readonly ledger: () => readonly LedgerEntry[];
  /** Undefined while it is unknown what the store holds. */
  readonly podNetworks: () => readonly PodNetwork[] | undefined;
  /** True once the host's network is committed: before that an attachment would find no bridge data. */
  readonly isReady: () => boolean;
  /** After a change of the ledger. */
  readonly onLedger: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Answers requests for running containers, and publishes this host's ledger as PodNetworks. */
export class PodKeeper {
  readonly #options: PodKeeperOptions;
  readonly #wake: RoundCall;
  /** Containers came or went since attached requests were looked at. */
  #mayHaveRestarted = true;

  constructor(options: PodKeeperOptions) {
    this.#options = options;
    this.#wake = new RoundCall(options.clock);
  }

  /** Something that the keeper reads has changed. */
  call(): void {
    this.#wake.call("request");
  }

  async run(signal: AbortSignal): Promise<void> {
    const { runtime, stateDir, store, onLedger, log } = this.#options;
    const onContainers = () => {
      this.#mayHaveRestarted = true;
      this.#wake.call("request");
    };
    runtime.watch(onContainers, signal);
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    const onChange = () => {
      this.#wake.call("ledger");
      onLedger();
    };
    watch(stateDir, { signal }, onChange).on("error", () => {});
    let timeoutMs = ROUND_MS;
    let retryMs = RETRY_MS.first;
    let problem = "";
    this.#wake.call("start");
    while (!signal.aborted) {
      await this.#wake.next({ timeoutMs, settleMs: SETTLE_MS, signal });
      if (signal.aborted) return;
      try {
        const answers = await this.#answerRequests();
        // The attachments are shown before their request counts as done: whoever is told can look them up.
        await this.#publish();
        await this.#options.teller?.tell(this.#options.ledger());
        for (const { request, status } of answers) await store.patchStatus(refOf<"PodNetwork">(request), status);
        timeoutMs = ROUND_MS;
        retryMs = RETRY_MS.first;
        problem = "";
      } catch (error) {
        if (problem !== describeError(error)) log.warn("pods are not up to date in the store", { error: describeError(error) });
        problem = describeError(error);
        timeoutMs = retryMs;
        retryMs = Math.min(retryMs * 2, RETRY_MS.last);
      }
    }
  }

  async #answerRequests(): Promise<readonly Answer[]> {
    const { host, podNetworks, isReady, desk, files, log } = this.#options;
    const known = podNetworks();
    // What the disk holds stays until the store has told which requests there are.
    if (known === undefined) return [];
    const pending = known.filter((object) => isPendingRequest(object, host));
    const answers = isReady() ? await desk.answer(pending) : [];
    if (isReady()) await this.#restore(known);
    const answered = new Set(answers.map(({ request }) => request));
    await files
      .keep(pendingBridges(pending.filter((request) => !answered.has(request))))
      .catch((error: unknown) => log.error("pending requests are not on disk for the plugin", { error: describeError(error) }));
    return answers;
  }

  /** Asks for containers only after some came or went: each answer costs their runtime work. */
  async #restore(known: readonly PodNetwork[]): Promise<void> {
    const { host, desk } = this.#options;
    if (!this.#mayHaveRestarted) return;
    this.#mayHaveRestarted = false;
    try {
      await desk.restore(known.filter((object) => isAttachedRequest(object, host)));
    } catch (error) {
      this.#mayHaveRestarted = true;
      throw error;
    }
  }

  /** What is refused in one Kubernetes namespace (one that is being deleted takes nothing new) holds up no other one. Throws the first refusal. */
  async #publish(): Promise<void> {
    const { host, ledger, podNetworks, desk } = this.#options;
    const published = podNetworks();
    if (published === undefined) return;
    const actions = publishActions(ledger(), published, host, (key) => desk.requestOf(key));
    const refused = new Map<string, unknown>();
    for (const action of actions) {
      const namespace = namespaceOf(action);
      if (refused.has(namespace)) continue;
      try {
        await this.#act(action);
      } catch (error) {
        if (hasCode(error, STORE_UNAVAILABLE)) throw error;
        refused.set(namespace, error);
      }
    }
    for (const error of refused.values()) throw error;
  }

  async #act(action: PublishAction): Promise<void> {
    const { store } = this.#options;
    try {
      if (action.kind === "delete") return await store.delete({ kind: "PodNetwork", name: action.name, namespace: action.namespace });
      const { status, ...object } = action.object;
      if (action.kind === "create") await store.create<"PodNetwork">(object);
      if (status !== undefined) await store.patchStatus(refOf<"PodNetwork">(action.object), status);
    } catch (error) {
      // What we see of the store is a little old; the next event decides again.
      if (!hasCode(error, STORE_NOT_FOUND) && !hasCode(error, STORE_EXISTS)) throw error;
    }
  }
}

function namespaceOf(action: PublishAction): string {
  return action.kind === "delete" ? action.namespace : (action.object.metadata.namespace ?? "");
}
