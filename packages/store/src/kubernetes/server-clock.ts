import { type Clock, describeError, type Log, PharosError } from "@pharos/base";
import { STORE_CLOCK_OFF } from "../codes.ts";

/** Certificates, tokens and people's reading of logs bear a minute. */
const BEARABLE_MS = 60_000;

/** Tells once when this machine's clock and the API server's differ, and once when they agree again. */
export class ServerClock {
  readonly #clock: Pick<Clock, "now">;
  readonly #log: Log;
  #isOff = false;

  constructor(clock: Pick<Clock, "now">, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Takes the time of an answer (its `Date`, RFC 9110), ms since the epoch; NaN says nothing. */
  heard(time: number): void {
    const ahead = this.#clock.now() - time;
    if (Number.isNaN(ahead) || Math.abs(ahead) > BEARABLE_MS === this.#isOff) return;
    this.#isOff = !this.#isOff;
    if (!this.#isOff) {
      this.#log.info("this machine's clock agrees with the API server's again");
      return;
    }
    const seconds = Math.round(Math.abs(ahead) / 1000);
    const text = `this machine's clock is ${seconds} s ${ahead > 0 ? "ahead of" : "behind"} the API server's`;
    this.#log.warn(describeError(new PharosError(STORE_CLOCK_OFF, text)));
  }
}
