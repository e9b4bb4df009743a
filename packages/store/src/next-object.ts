import { isDeepStrictEqual } from "node:util";
import { CHANGE_ANNOTATION, DELETING_ANNOTATION, DOOR_ANNOTATION } from "./annotations.ts";

/** Any kind's object as the store keeps it; the kinds' own fields are none of its business. */
export interface StoredObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: StoredMetadata;
  readonly spec?: unknown;
  readonly status?: unknown;
}

interface StoredMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  /** RFC 3339, whole seconds, UTC. */
  readonly creationTimestamp?: string;
}

/** Which annotations the store writes itself. */
export type Stamp = Readonly<Record<string, string>>;

/** A new object: what the server owns is filled in, a status that came with it is dropped. */
export function createdObject(given: StoredObject, born: { readonly uid: string; readonly now: number }): StoredObject {
  const { uid, now } = born;
  return {
    apiVersion: given.apiVersion,
    kind: given.kind,
    metadata: {
      ...names(given.metadata),
      ...tags(given.metadata),
      uid,
      generation: 1,
      creationTimestamp: new Date(now).toISOString().replace(/\.\d+Z$/, "Z"),
    },
    ...(given.spec === undefined ? {} : { spec: given.spec }),
  };
}

/**
 * The object after labels, annotations and spec were replaced; undefined when they are equal already. The marks of
 * change sets (`pharos.io/change`, `pharos.io/door`) do not count as a difference, and stay where none are given.
 */
export function updatedObject(current: StoredObject, given: StoredObject): StoredObject | undefined {
  const sameSpec = isDeepStrictEqual(current.spec, given.spec);
  if (sameSpec && isDeepStrictEqual(unmarked(current.metadata), unmarked(given.metadata))) return undefined;
  const { uid, generation = 1, creationTimestamp } = current.metadata;
  return {
    apiVersion: given.apiVersion,
    kind: current.kind,
    metadata: {
      ...names(current.metadata),
      ...tags(given.metadata),
      ...(uid === undefined ? {} : { uid }),
      generation: sameSpec ? generation : generation + 1,
      ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    },
    ...(given.spec === undefined ? {} : { spec: given.spec }),
    ...(current.status === undefined ? {} : { status: current.status }),
  };
}

/** The object with another status; undefined when it is equal already. */
export function objectWithStatus(current: StoredObject, status: unknown): StoredObject | undefined {
  return isDeepStrictEqual(current.status, status) ? undefined : { ...current, status };
}

export function withResourceVersion(object: StoredObject, resourceVersion: string): StoredObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion } };
}

export function withStamp(object: StoredObject, stamp: Stamp): StoredObject {
  return { ...object, metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, ...stamp } } };
}

function names({ name, namespace }: StoredMetadata) {
  return namespace === undefined ? { name } : { name, namespace };
}

function tags({ labels, annotations }: StoredMetadata) {
  return { ...(labels === undefined ? {} : { labels }), ...(annotations === undefined ? {} : { annotations }) };
}

function unmarked({ labels = {}, annotations = {} }: StoredMetadata) {
  const { [CHANGE_ANNOTATION]: _change, [DOOR_ANNOTATION]: _door, [DELETING_ANNOTATION]: _deleting, ...rest } = annotations;
  return { labels: { ...labels }, annotations: rest };
}
