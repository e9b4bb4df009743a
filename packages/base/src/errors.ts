/** A stable, never reused error code. Each package registers its own range in its `codes.ts`. */
export type PharosCode = `PHAROS-${number}`;

/** One entry of a package's register of codes. */
export interface CodeEntry {
  readonly code: PharosCode;
  /** What happened, in general terms. */
  readonly title: string;
  /** What a person should do about it. */
  readonly action: string;
}

export interface PharosErrorOptions {
  readonly cause?: unknown;
  /** Overrides the register's general advice where the place of failure knows better. */
  readonly action?: string;
}

/**
 * An error with a code from the register, a cause, and advice.
 * Callers branch on `code`; the message is for people and may change.
 */
export class PharosError extends Error {
  readonly code: PharosCode;
  readonly action: string;

  constructor(entry: CodeEntry, message: string, options: PharosErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "PharosError";
    this.code = entry.code;
    this.action = options.action ?? entry.action;
  }
}

/** True when `error` is a PharosError with the code of `entry`. */
export function hasCode(error: unknown, entry: CodeEntry): error is PharosError {
  return error instanceof PharosError && error.code === entry.code;
}

/** One line for people: code, message, each cause in turn, and advice when there is any. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = error instanceof PharosError ? `${error.code} ` : "";
  const cause = error.cause === undefined ? "" : `: ${describeError(error.cause)}`;
  const action = error instanceof PharosError && error.action !== "" ? ` (${error.action})` : "";
  return `${code}${error.message}${cause}${action}`;
}

/**
 * True for an error of the operating system with one of these names (`ENOENT`). Looks at the shape, not the class: the
 * error may come from another realm than the caller's Error.
 */
export function isSystemError(error: unknown, ...names: readonly string[]): boolean {
  return typeof error === "object" && error !== null && "code" in error && typeof error.code === "string" && names.includes(error.code);
}
