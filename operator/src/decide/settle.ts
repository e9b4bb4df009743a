import { documentTitle, type VehicleDocument } from "@pharos/compiler";
import { type ChangeTag, changeTag, isDeleting } from "@pharos/store";

/** Untagged changes are frozen after this much quiet, in ms. */
const QUIET = 500;

/** No change waits longer than this, in ms; twice as long where a change set began to arrive meanwhile. */
const LONGEST_WAIT = 5000;

/** One document as it was when a revision was last decided; its text tells it from a later version. */
export type Mark = string;

/** A document that was deleted since, with the marks of the change set that deleted it. */
export interface Tombstone {
  readonly name: string;
  readonly tag: ChangeTag | undefined;
}

export interface Unsettled {
  /** Documents as they are now. */
  readonly documents: readonly VehicleDocument[];
  /** Marks of the documents that were decided on, by document name. */
  readonly decided: ReadonlyMap<string, Mark>;
  readonly tombstones: readonly Tombstone[];
  /** Change sets that were decided on: an edit of such a document keeps the old mark and counts as untagged. */
  readonly decidedChanges: ReadonlySet<string>;
  /** When something of a change set was first seen, by its id; `firstAt` where it is missing. */
  readonly firstOf?: ReadonlyMap<string, number>;
  /** When the first and the last change since the decision were seen, in ms; equal when there was one. */
  readonly firstAt: number;
  readonly lastAt: number;
  readonly now: number;
}

/** `incomplete` names change sets that did not become complete in time. */
export type Readiness =
  | { readonly kind: "unchanged" }
  | { readonly kind: "wait"; readonly until: number }
  | { readonly kind: "ready"; readonly incomplete: readonly string[] };

/** Text that changes when a person or a door changes the document, and not when its status is written. */
export function markOf(document: VehicleDocument): Mark {
  const { uid = "", generation = 0, annotations } = document.metadata;
  const tag = changeTag(annotations);
  return `${uid} ${generation} ${tag === undefined ? "" : `${tag.id}/${tag.count}`}`;
}

/** Decides whether what changed belongs together and is all there. */
export function readiness(input: Unsettled): Readiness {
  const { documents, decided, tombstones, firstAt, lastAt, now } = input;
  const changed = documents.filter((document) => decided.get(documentTitle(document)) !== markOf(document));
  const present = new Set(documents.map(documentTitle));
  const deleted = [...decided.keys()].filter((name) => !present.has(name));
  if (changed.length + deleted.length === 0) return { kind: "unchanged" };
  const tags = [
    ...changed.map((document) => changeTag(document.metadata.annotations)),
    ...deleted.map((name) => tombstones.find((tombstone) => tombstone.name === name)?.tag),
  ].map((tag) => (tag === undefined || input.decidedChanges.has(tag.id) ? undefined : tag));
  const incomplete = incompleteSets(tags, input, deleted);
  const latest = firstAt + LONGEST_WAIT;
  const dues = incomplete.map((id) => Math.min(input.firstOf?.get(id) ?? firstAt, latest) + LONGEST_WAIT);
  if (tags.includes(undefined)) dues.push(Math.min(lastAt + QUIET, latest));
  const until = Math.max(...dues);
  return dues.length === 0 || now >= until ? { kind: "ready", incomplete } : { kind: "wait", until };
}

/**
 * Ids of the sets that are not all there. What carries a set's mark counts, but for a document that is still to be deleted.
 * A deletion that no watch told, because it happened between two lists, may have belonged to any set.
 */
function incompleteSets(tags: readonly (ChangeTag | undefined)[], input: Unsettled, deleted: readonly string[]): readonly string[] {
  const { documents, tombstones } = input;
  const arrived = documents.filter(({ metadata }) => !isDeleting(metadata.annotations));
  const seen = countById([...arrived.map(({ metadata }) => changeTag(metadata.annotations)), ...tombstones.map(({ tag }) => tag)]);
  let untold = deleted.filter((name) => !tombstones.some((tombstone) => tombstone.name === name)).length;
  const sets = new Map(tags.flatMap((tag) => (tag === undefined ? [] : [[tag.id, tag.count] as const])));
  return [...sets].flatMap(([id, count]) => {
    const missing = Math.max(0, count - (seen.get(id) ?? 0));
    if (missing > untold) return [id];
    untold -= missing;
    return [];
  });
}

function countById(tags: readonly (ChangeTag | undefined)[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const tag of tags) if (tag !== undefined) counts.set(tag.id, (counts.get(tag.id) ?? 0) + 1);
  return counts;
}
