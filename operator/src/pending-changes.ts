import { documentTitle, type VehicleDocument } from "@pharos/compiler";
import { changeTag, isDeleting } from "@pharos/store";
import { markOf, type Readiness, readiness, type Tombstone } from "./decide/settle.ts";

/** What of the documents was decided on before, by whatever operator. */
export interface DecidedBefore {
  readonly documents: readonly VehicleDocument[];
  /** Titles of the documents in the newest revision: one that is not there any more was deleted while nobody looked. */
  readonly frozen: readonly string[];
}

/** Remembers which changes were decided on and since when others wait; begins from what an operator before it decided. */
export class PendingChanges {
  #decided: ReadonlyMap<string, string>;
  #decidedChanges: ReadonlySet<string>;
  readonly #firstOf = new Map<string, number>();
  #seen = "";
  #firstAt: number | undefined;
  #lastAt = 0;

  constructor(before: DecidedBefore) {
    const decided = before.documents.filter(wasDecided);
    const present = new Set(before.documents.map(documentTitle));
    const gone = before.frozen.filter((title) => !present.has(title));
    this.#decided = new Map([...gone.map((title) => [title, "gone"] as const), ...marksOf(decided)]);
    const settled = decided.filter(({ metadata }) => !isDeleting(metadata.annotations));
    this.#decidedChanges = new Set(settled.flatMap(({ metadata }) => changeTag(metadata.annotations)?.id ?? []));
  }

  /** Whether what changed is all there; `now` is monotonic, in ms. */
  readiness(documents: readonly VehicleDocument[], tombstones: readonly Tombstone[], now: number): Readiness {
    const seen = documents.map((document) => `${documentTitle(document)} ${markOf(document)}`).join("\n");
    if (seen !== this.#seen) {
      this.#seen = seen;
      this.#lastAt = now;
      this.#firstAt ??= now;
    }
    for (const id of changeIds(documents, tombstones)) if (!this.#firstOf.has(id)) this.#firstOf.set(id, now);
    return readiness({
      documents,
      decided: this.#decided,
      tombstones,
      decidedChanges: this.#decidedChanges,
      firstOf: this.#firstOf,
      firstAt: this.#firstAt ?? now,
      lastAt: this.#lastAt,
      now,
    });
  }

  /** These were decided on. */
  settle(documents: readonly VehicleDocument[], tombstones: readonly Tombstone[]): void {
    this.#decided = marksOf(documents);
    this.#decidedChanges = new Set(changeIds(documents, tombstones));
    this.#firstAt = undefined;
  }
}

function marksOf(documents: readonly VehicleDocument[]): ReadonlyMap<string, string> {
  return new Map(documents.map((document) => [documentTitle(document), markOf(document)]));
}

function changeIds(documents: readonly VehicleDocument[], tombstones: readonly Tombstone[]): readonly string[] {
  const tags = [...documents.map(({ metadata }) => changeTag(metadata.annotations)), ...tombstones.map(({ tag }) => tag)];
  return tags.flatMap((tag) => tag?.id ?? []);
}

/** Its conditions speak of the present generation. */
function wasDecided({ metadata, status }: VehicleDocument): boolean {
  const accepted = status?.conditions?.find(({ type }) => type === "Accepted");
  return accepted !== undefined && accepted.observedGeneration === metadata.generation;
}
