import { type Finding, hasCode } from "@pharos/base";
import { STORE_DENIED, STORE_KIND_MISSING } from "@pharos/store";
import { AGENT_ACCESS_REFUSED } from "./codes.ts";
import type { ReportedCondition } from "./report.ts";

/** Which collections the store refuses to show, and why. A store that is merely away refuses nothing. */
export class RefusedAccess {
  readonly #refused = new Map<string, string>();
  readonly #onChange: () => void;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  has(collection: string): boolean {
    return this.#refused.has(collection);
  }

  /** Takes how following a collection went: an error, or undefined for a list that came. */
  heard(collection: string, error: unknown): void {
    const isRefusal = hasCode(error, STORE_DENIED) || hasCode(error, STORE_KIND_MISSING);
    if (error !== undefined && !isRefusal) return;
    const before = this.#refused.get(collection);
    if (isRefusal) this.#refused.set(collection, error.message);
    else this.#refused.delete(collection);
    if (before !== this.#refused.get(collection)) this.#onChange();
  }

  findings(): readonly Finding[] {
    const { code, action } = AGENT_ACCESS_REFUSED;
    const texts = [...this.#refused.values()].sort();
    return texts.map((description) => ({ code, severity: "ERROR", path: "", description, recommendation: action }));
  }

  condition(): ReportedCondition {
    const texts = [...this.#refused.values()].sort();
    return texts.length === 0
      ? { type: "StoreReadable", status: "True", reason: "Following", message: "all that the agent needs can be read" }
      : { type: "StoreReadable", status: "False", reason: "Refused", message: texts.join("; ") };
  }
}
