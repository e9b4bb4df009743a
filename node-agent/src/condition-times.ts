import type { Clock } from "@pharos/base";
import type { ReportedCondition } from "./report.ts";

/** Remembers since when each condition is as it is. */
export class ConditionTimes {
  readonly #clock: Clock;
  readonly #known = new Map<string, { readonly state: string; readonly since: string }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** ISO 8601, UTC: when `state` of `type` was first told in a row. */
  since(type: string, state: string): string {
    const known = this.#known.get(type);
    if (known?.state === state) return known.since;
    const since = new Date(this.#clock.now()).toISOString();
    this.#known.set(type, { state, since });
    return since;
  }

  stamped(conditions: readonly ReportedCondition[]) {
    return conditions.map((condition) => ({
      ...condition,
      lastTransitionTime: this.since(condition.type, `${condition.status} ${condition.reason}`),
    }));
  }
}
