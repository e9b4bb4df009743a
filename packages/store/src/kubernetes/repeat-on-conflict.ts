import { hasCode } from "@pharos/base";
import { STORE_CONFLICT } from "../codes.ts";

const ATTEMPTS = 10;

/**
 * Repeats a read and a write that met somebody else's write, for example the operator's of a status. A caller who named the
 * version that may be replaced wants no other one to be: `mayRepeat` is false, and STORE_CONFLICT is thrown at once.
 */
export async function repeatOnConflict<T>(mayRepeat: boolean, attempt: (isFirst: boolean) => Promise<T>): Promise<T> {
  for (let count = 1; ; count += 1) {
    try {
      return await attempt(count === 1);
    } catch (error) {
      if (!hasCode(error, STORE_CONFLICT) || !mayRepeat || count === ATTEMPTS) throw error;
    }
  }
}
