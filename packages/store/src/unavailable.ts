import { PharosError } from "@pharos/base";
import { STORE_UNAVAILABLE } from "./codes.ts";

/** STORE_UNAVAILABLE from a store that answers, and says when to come again. */
export class BusyError extends PharosError {
  /** ms from the answer on. */
  readonly retryAfter: number;

  constructor(message: string, retryAfter: number) {
    super(STORE_UNAVAILABLE, message);
    this.retryAfter = retryAfter;
  }
}

const LONGEST_WISH = 60_000;

/** How long to wait after a failure, in ms: `pause`, or longer where the store asks for it; at most a minute. */
export function pauseAfter(error: unknown, pause: number): number {
  return error instanceof BusyError ? Math.max(pause, Math.min(error.retryAfter, LONGEST_WISH)) : pause;
}
