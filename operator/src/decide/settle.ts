import { documentTitle, type VehicleDocument } from "@pharos/compiler";
import { type ChangeTag, changeTag } from "@pharos/store";

/** Untagged changes are frozen after this much quiet, in ms. */
const QUIET = 500;

/** No change waits longer than this, in ms. */
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
  const changed = input.documents.filter((document) => input.decided.get(documentTitle(document)) !== markOf(document));
  const present = new Set(input.documents.map(documentTitle));
  const deleted = [...input.decided.keys()].filter((name) => !present.has(name));
  if (changed.length + deleted.length === 0) return { kind: "unchanged" };
  const tags = [
    ...changed.map((document) => changeTag(document.metadata.annotations)),
    ...deleted.map((name) => input.tombstones.find((tombstone) => tombstone.name === name)?.tag),
  ].map((tag) => (tag === undefined || input.decidedChanges.has(tag.id) ? undefined : tag));
  const seen = countById([...tags, ...input.tombstones.filter(({ name }) => !deleted.includes(name)).map(({ tag }) => tag)]);
  const incomplete = new Set(tags.flatMap((tag) => (tag !== undefined && (seen.get(tag.id) ?? 0) < tag.count ? [tag.id] : [])));
  const latest = input.firstAt + LONGEST_WAIT;
  const untagged = tags.includes(undefined);
  if (incomplete.size === 0 && !untagged) return { kind: "ready", incomplete: [] };
  const until = incomplete.size > 0 ? latest : Math.min(input.lastAt + QUIET, latest);
  return input.now >= until ? { kind: "ready", incomplete: [...incomplete] } : { kind: "wait", until };
}

function countById(tags: readonly (ChangeTag | undefined)[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const tag of tags) if (tag !== undefined) counts.set(tag.id, (counts.get(tag.id) ?? 0) + 1);
  return counts;
}
