/** What Piccolo is told about a request for a pod's network. */
export interface Completion {
  readonly requestId: string;
  readonly status: CompletionWord;
  /** Address and bridge, or the reason of the failure. */
  readonly details: string;
  /** Wall clock, ms: not before the answer to the request itself has reached Piccolo. */
  readonly notBefore: number;
}

export type CompletionWord = "OK" | "ERROR" | "TIMEOUT";

const WORDS: readonly unknown[] = ["OK", "ERROR", "TIMEOUT"];

export function encodeCompletion(completion: Completion): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(completion));
}

/** Undefined when the bytes are no completion (of a later version, say). */
export function decodeCompletion(bytes: Uint8Array): Completion | undefined {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { requestId, status, details, notBefore } = value as Partial<Completion>;
  const isWhole = typeof requestId === "string" && WORDS.includes(status) && typeof details === "string" && typeof notBefore === "number";
  return isWhole ? (value as Completion) : undefined;
}
