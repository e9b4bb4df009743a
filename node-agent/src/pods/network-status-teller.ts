import { type Clock, describeError, hasCode, type Log } from "@pharos/base";
import type { LedgerEntry } from "@pharos/ledger";
import { STORE_NOT_FOUND } from "@pharos/store";
import { CallBackoff } from "./call-backoff.ts";
import { NETWORK_STATUS_ANNOTATION, networkStatuses, type PodNetworkStatusText } from "./network-status.ts";

/** Gives a pod of this node annotations. */
export type AnnotatePod = (pod: PodNetworkStatusText["pod"], annotations: Readonly<Record<string, string>>) => Promise<void>;

export interface NetworkStatusTellerOptions {
  readonly annotate: AnnotatePod;
  readonly clock: Clock;
  readonly log: Log;
}

/** Tells in the annotation of pods with several interfaces what these are. One interface alone is what the pod's own status says. */
export class NetworkStatusTeller {
  readonly #options: NetworkStatusTellerOptions;
  readonly #backoff: CallBackoff;
  /** By pod what was told in this run. */
  readonly #told = new Map<string, string>();
  #problem = "";

  constructor(options: NetworkStatusTellerOptions) {
    this.#options = options;
    this.#backoff = new CallBackoff(options.clock);
  }

  /** Tells what changed. Never throws: what fails is tried again later. */
  async tell(entries: readonly LedgerEntry[]): Promise<void> {
    const statuses = new Map(networkStatuses(entries).map((status) => [`${status.pod.namespace}/${status.pod.name}`, status]));
    for (const title of this.#told.keys()) if (!statuses.has(title)) this.#told.delete(title);
    for (const [title, status] of statuses) {
      const told = this.#told.get(title);
      if (told === status.text || (told === undefined && status.interfaces === 1) || !this.#backoff.isDue(title)) continue;
      if (await this.#annotated(title, status)) this.#told.set(title, status.text);
    }
  }

  async #annotated(title: string, { pod, text }: PodNetworkStatusText): Promise<boolean> {
    const { annotate, log } = this.#options;
    try {
      await annotate(pod, { [NETWORK_STATUS_ANNOTATION]: text });
      this.#problem = "";
      return true;
    } catch (error) {
      // A pod that is gone has its entries in the ledger for a moment.
      if (hasCode(error, STORE_NOT_FOUND)) return true;
      this.#backoff.called(title);
      const problem = describeError(error);
      if (problem !== this.#problem) log.warn("cannot tell a pod's interfaces", { pod: title, error: problem });
      this.#problem = problem;
      return false;
    }
  }
}
