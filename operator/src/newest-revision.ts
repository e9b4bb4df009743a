import { describeError, type Log } from "@pharos/base";
import type { ConfigRevision } from "@pharos/kinds";
import { type DecodedRevision, decodeRevision } from "@pharos/store";

/** Finds the newest revision of this store's history that can be read; unpacks each only once. */
export class NewestRevision {
  readonly #log: Log;
  #newest: DecodedRevision | undefined;
  readonly #unreadable = new Set<string>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Takes what was just created, before the watch shows it. */
  remember(revision: DecodedRevision): void {
    this.#newest = revision;
  }

  among(revisions: readonly ConfigRevision[], epoch: string): DecodedRevision | undefined {
    if (this.#newest?.epoch !== epoch) this.#newest = undefined;
    const candidates = revisions
      .filter(({ spec }) => spec.epoch === epoch && spec.number > (this.#newest?.number ?? -1))
      .sort((a, b) => b.spec.number - a.spec.number);
    for (const candidate of candidates) {
      const revision = this.decode(candidate);
      if (revision === undefined) continue;
      this.#newest = revision;
      break;
    }
    return this.#newest;
  }

  /** Undefined when it cannot be read, which is told once. */
  decode(object: ConfigRevision): DecodedRevision | undefined {
    if (this.#unreadable.has(object.metadata.name)) return undefined;
    try {
      return decodeRevision(object);
    } catch (error) {
      this.#unreadable.add(object.metadata.name);
      this.#log.error(describeError(error));
      return undefined;
    }
  }
}
