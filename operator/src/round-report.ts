import { describeError, hasCode, type Log, PharosError } from "@pharos/base";
import { type EventRecorder, STORE_CONFLICT, STORE_DENIED, STORE_EXISTS, STORE_FENCED, STORE_KIND_MISSING } from "@pharos/store";
import { OPERATOR_KIND_UNREADABLE, OPERATOR_ROUND_FAILED } from "./codes.ts";
import { vehicleEvents } from "./decide/events.ts";
import type { StoreView } from "./store-view.ts";

const SOMEBODY_ELSE = [STORE_CONFLICT, STORE_EXISTS, STORE_FENCED];

/** Tells what keeps the operator from its work: once when it begins, and once when it is over. */
export class RoundReport {
  readonly #log: Log;
  readonly #events: EventRecorder;
  #failure = "";
  #problems = "";

  constructor(log: Log, events: EventRecorder) {
    this.#log = log;
    this.#events = events;
  }

  /** Kinds that cannot be followed. */
  problems(view: StoreView): void {
    const problems = view.problems();
    const text = problems.map(({ kind, message }) => `${kind}: ${message}`).join("; ");
    if (text === this.#problems) return;
    this.#problems = text;
    const [first] = problems;
    if (first === undefined) {
      this.#log.info("all kinds can be read again");
      return;
    }
    const kinds = problems.map(({ kind }) => kind).join(", ");
    const error = new PharosError(OPERATOR_KIND_UNREADABLE, `cannot read ${kinds}: ${first.message}`);
    this.#log.error(describeError(error), { reason: first.reason });
    for (const event of vehicleEvents(view.documents(), first.reason, `cannot read ${kinds}: ${first.message}`)) this.#events.record(event);
  }

  worked(): void {
    if (this.#failure !== "") this.#log.info("the operator works again");
    this.#failure = "";
  }

  failed(error: unknown, view: StoreView): void {
    const text = describeError(error);
    if (SOMEBODY_ELSE.some((code) => hasCode(error, code))) this.#log.debug("somebody else wrote first, deciding again");
    else if (text === this.#failure) this.#log.debug("the round failed again", { error: text });
    else this.#tell(error, text, view);
  }

  #tell(cause: unknown, text: string, view: StoreView): void {
    this.#failure = text;
    this.#log.error(describeError(new PharosError(OPERATOR_ROUND_FAILED, "the operator could not finish a round", { cause })));
    const reason = hasCode(cause, STORE_DENIED) ? "Denied" : hasCode(cause, STORE_KIND_MISSING) ? "KindMissing" : undefined;
    if (reason === undefined) return;
    for (const event of vehicleEvents(view.documents(), reason, text)) this.#events.record(event);
  }
}
