import { isDeepStrictEqual } from "node:util";
import { type Clock, describeError, hasCode, type Log, Wake } from "@pharos/base";
import type { HostReport, HostReportStatus } from "@pharos/kinds";
import { STORE_NOT_FOUND, type Store } from "@pharos/store";

export interface ReporterOptions {
  readonly store: Pick<Store, "create" | "update" | "patchStatus">;
  readonly host: string;
  /** The Kubernetes node that the host is; absent outside Kubernetes. */
  readonly nodeName?: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** The operator places services by it. */
const NODE_ANNOTATION = "pharos.io/node";

const RETRY_MS = { first: 250, last: 10_000 };

/** Writes this host's HostReport: the latest status wins, equal ones are not written, failures are repeated. */
export class Reporter {
  readonly #options: ReporterOptions;
  #latest: HostReportStatus | undefined;
  #written: HostReportStatus | undefined;
  /** Contacts with a store so far: what was written before the last one may be in another store. */
  #contacts = 0;
  readonly #wake: Wake;

  constructor(options: ReporterOptions) {
    this.#options = options;
    this.#wake = new Wake(options.clock);
  }

  /** Takes a status; `run` writes it as soon as the store can be reached. */
  publish(status: HostReportStatus): void {
    this.#latest = status;
    this.#wake.ring();
  }

  /** Forgets what was written, so that a new, empty store is told again. */
  storeChanged(): void {
    this.#contacts++;
    this.#written = undefined;
    this.#wake.ring();
  }

  async run(signal: AbortSignal): Promise<void> {
    let waitMs = RETRY_MS.first;
    while (!signal.aborted) {
      const status = this.#latest;
      if (status === undefined || isDeepStrictEqual(status, this.#written)) {
        await this.#wake.wait(60_000, signal);
        continue;
      }
      try {
        const contacts = this.#contacts;
        await this.#write(status);
        if (contacts === this.#contacts) this.#written = status;
        waitMs = RETRY_MS.first;
      } catch (error) {
        this.#options.log.warn("cannot write the host report", { error: describeError(error) });
        await this.#options.clock.sleep(waitMs, signal);
        waitMs = Math.min(waitMs * 2, RETRY_MS.last);
      }
    }
  }

  async #write(status: HostReportStatus): Promise<void> {
    const { store, host } = this.#options;
    const ref = { kind: "HostReport", name: host } as const;
    try {
      await this.#nameNode(await store.patchStatus(ref, status));
    } catch (error) {
      if (!hasCode(error, STORE_NOT_FOUND)) throw error;
      const annotations = this.#annotations();
      const metadata = { name: host, ...(annotations === undefined ? {} : { annotations }) };
      await store.create({ apiVersion: "pharos.io/v1", kind: "HostReport", metadata, spec: { host } });
      await store.patchStatus(ref, status);
    }
  }

  /** A report that was there already, made by an agent on another node or by hand, may name another node or none. */
  async #nameNode(report: HostReport): Promise<void> {
    const { metadata } = report;
    const own = this.#annotations();
    if (own === undefined || metadata.annotations?.[NODE_ANNOTATION] === own[NODE_ANNOTATION]) return;
    await this.#options.store.update({ ...report, metadata: { ...metadata, annotations: { ...metadata.annotations, ...own } } });
  }

  #annotations(): { readonly [NODE_ANNOTATION]: string } | undefined {
    const { nodeName } = this.#options;
    return nodeName === undefined ? undefined : { [NODE_ANNOTATION]: nodeName };
  }
}
