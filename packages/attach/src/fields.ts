import { PharosError } from "@pharos/base";
import { ATTACH_BAD_CONFIG } from "./codes.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

/** The value as an object; `path` names it in the error. Absent is an empty object. */
export function objectOf(value: unknown, path: string): JsonObject {
  if (value === undefined || value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) throw new PharosError(ATTACH_BAD_CONFIG, `${path} is not an object`);
  return value as JsonObject;
}

/** The value as a text, or undefined when it is absent. */
export function textOf(value: unknown, path: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw new PharosError(ATTACH_BAD_CONFIG, `${path} is not a string`);
  return value;
}

/** The value as a list of texts; absent is empty. */
export function textsOf(value: unknown, path: string): readonly string[] {
  return listOf(value, path).map((item, index) => {
    const text = textOf(item, `${path}[${index}]`);
    if (text === undefined) throw new PharosError(ATTACH_BAD_CONFIG, `${path}[${index}] is not a string`);
    return text;
  });
}

/** The value as a list; absent is empty. */
export function listOf(value: unknown, path: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new PharosError(ATTACH_BAD_CONFIG, `${path} is not a list`);
  return value;
}
