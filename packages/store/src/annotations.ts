/** Which change set an object was last written by: `<id>/<count>`, count being the number of objects changed or deleted together. */
export const CHANGE_ANNOTATION = "pharos.io/change";

/** Which door last changed an object through `applySet`. */
export const DOOR_ANNOTATION = "pharos.io/door";

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
