export {
  CHANGE_ANNOTATION,
  type ChangeTag,
  changeTag,
  DELETING_ANNOTATION,
  DOOR_ANNOTATION,
  isDeleting,
  ROLLBACK_ANNOTATION,
  ROLLBACK_REFUSED_ANNOTATION,
} from "./annotations.ts";
export {
  STORE_CONFLICT,
  STORE_DENIED,
  STORE_EXISTS,
  STORE_FENCED,
  STORE_FILE_DAMAGED,
  STORE_FILE_LOST,
  STORE_FILE_REFUSED,
  STORE_HISTORY_GONE,
  STORE_INVALID,
  STORE_KIND_MISSING,
  STORE_NOT_FOUND,
  STORE_REVISION_TOO_LARGE,
  STORE_REVISION_UNREADABLE,
  STORE_UNAVAILABLE,
} from "./codes.ts";
export { type Follow, type Followed, type FollowOptions, follow } from "./follow.ts";
export type { FollowedObjects } from "./follow-source.ts";
export type {
  Elector,
  EventRecorder,
  Home,
  HomeEvent,
  KubernetesObject,
  Leadership,
  OwnerReference,
  Workloads,
} from "./home.ts";
export { podReader } from "./pod-reader.ts";
export { refOf, refText } from "./ref.ts";
export { RefusedError } from "./refused.ts";
export {
  type DecodedRevision,
  decodeRevision,
  type EncodedRevision,
  encodeRevision,
  MAX_REVISION_BYTES,
  revisionHash,
} from "./revision-content.ts";
export type { ApplySetResult, ChangeSet, Listing, ObjectRef, Reader, Store, TrimPod, WatchEvent, WatchOptions, Writer } from "./store.ts";
