/** Which change set an object was last written by: `<id>/<count>`, count being the number of objects changed or deleted together. */
export const CHANGE_ANNOTATION = "pharos.io/change";

/** Which door last changed an object through `applySet`. */
export const DOOR_ANNOTATION = "pharos.io/door";

/**
 * `<id>` of the change set that is about to delete the object: on a store without transactions an object is marked first,
 * so that its deletion tells to which change it belongs.
 */
export const DELETING_ANNOTATION = "pharos.io/deleting";

/**
 * On a ConfigRevision: asks the operator to roll back to it. The value names the request, at most 253 characters. The operator
 * removes it when the rollback is made.
 */
export const ROLLBACK_ANNOTATION = "pharos.io/rollback";

/** On a ConfigRevision: `<request>: <why>` of the last rollback to it that was refused. */
export const ROLLBACK_REFUSED_ANNOTATION = "pharos.io/rollback-refused";

/** A parsed `pharos.io/change`. */
export interface ChangeTag {
  readonly id: string;
  readonly count: number;
}

/** The change set that the annotations name; undefined when there is none or it cannot be read. */
export function changeTag(annotations: Readonly<Record<string, string>> | undefined): ChangeTag | undefined {
  const match = /^([\w.-]{1,128})\/([1-9]\d{0,5})$/.exec(annotations?.[CHANGE_ANNOTATION] ?? "");
  const [, id, count] = match ?? [];
  return id === undefined || count === undefined ? undefined : { id, count: Number(count) };
}

/** True while the object is marked by the change set of its tag, and not yet deleted. */
export function isDeleting(annotations: Readonly<Record<string, string>> | undefined): boolean {
  const id = annotations?.[DELETING_ANNOTATION];
  return id !== undefined && changeTag(annotations)?.id === id;
}
