import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Expected, failureOf, faultsAfter, learnExpected } from "./expectation.ts";
import { differencesOf } from "./host-lines.ts";
import { bringToShortening } from "./ledger-seed.ts";
import { BYSTANDER, type PharosCall, PharosHost, VICTIM } from "./pharos-host.ts";
import { type KillRun, splitAt, type TracedCall, type TraceParts, tracedCalls } from "./trace.ts";

/** The verbs that change something; STATUS does so only in the first call of a boot. */
export type Verb = "ADD" | "DEL" | "GC" | "STATUS";
/** What happens after the plugin was killed. The last two end with a DEL. */
export type Aftermath = "retry" | "DEL" | "GC" | "reboot" | "killed again" | "pod gone";
export const AFTERMATHS: readonly Aftermath[] = ["retry", "DEL", "GC", "reboot", "killed again", "pod gone"];

/** On what host the plugin is killed. */
export type Situation = "beside another pod" | "on a new host" | "when the ledger is made short" | "first in the next boot";

/** What a run of the proof found. */
export interface KillOutcome {
  /** False where the program came to its end before the call. */
  readonly killed: boolean;
  /** What is not as it should be; empty when all is well. */
  readonly faults: readonly string[];
}

/** A host on which the plugin is killed again and again. */
export class KillBench {
  readonly #pharos: PharosHost;
  readonly #situation: Situation;
  #expected: Expected = { detached: [], attached: [] };

  constructor(prefix: string, plugin: string, situation: Situation = "beside another pod") {
    this.#pharos = new PharosHost(prefix, plugin);
    this.#situation = situation;
  }

  /** Learns how the host looks with and without the victim. */
  async start(): Promise<void> {
    await this.#pharos.host.start();
    await this.#learn();
  }

  /** The system calls of one undisturbed run. */
  async trace(verb: Verb): Promise<TraceParts> {
    const file = join(this.#pharos.host.folder, "trace");
    await this.#prepare(verb);
    await this.#pharos.must(verb, { through: ["strace", "-qq", "-o", file] });
    if (verb === "ADD") await this.#pharos.must("DEL");
    return splitAt(tracedCalls(readFileSync(file, "utf8")), this.#pharos.stateDir);
  }

  /** One run: kill at the call, aftermath, comparison, and DEL for the next run. */
  async run(verb: Verb, { call, aftermath }: KillRun<Aftermath>): Promise<KillOutcome> {
    await this.#prepare(verb);
    const end = await this.#pharos.call(verb, { through: killedAt(call) });
    if (this.#isBare) await this.#pharos.host.quiet();
    return { killed: end.signal === "SIGKILL", faults: await this.#after(verb, { call, aftermath }) };
  }

  remove(): void {
    this.#pharos.host.remove();
  }

  /** Nothing was made on the host before. */
  get #isBare(): boolean {
    return this.#situation === "on a new host" || this.#situation === "first in the next boot";
  }

  async #learn(): Promise<void> {
    if (!this.#isBare) await this.#pharos.must("ADD", { pod: BYSTANDER });
    this.#expected = await learnExpected(this.#pharos);
  }

  async #prepare(verb: Verb): Promise<void> {
    if (this.#isBare) this.#pharos.renew();
    if (this.#situation === "first in the next boot") {
      for (const pod of [BYSTANDER, VICTIM]) await this.#pharos.must("ADD", { pod });
      this.#pharos.host.reboot();
    } else if (verb !== "ADD") await this.#pharos.must("ADD");
    if (this.#situation === "when the ledger is made short") bringToShortening(this.#pharos.ledgerFolder);
  }

  async #after(verb: Verb, { call, aftermath }: KillRun<Aftermath>): Promise<readonly string[]> {
    if (this.#situation === "first in the next boot") return this.#nextBoot(verb === "ADD" && aftermath !== "retry" ? "DEL" : verb);
    switch (aftermath) {
      case "retry":
        return this.#goOn(verb);
      case "reboot":
        return this.#reboot();
      case "killed again":
        await this.#pharos.call(verb, { through: killedAt(call) });
        return this.#goOn("DEL");
      case "pod gone":
        // The kernel takes the pair with the namespace; all else is the plugin's. A runtime may then give no path.
        this.#pharos.host.renewPod(VICTIM);
        return this.#goOn("DEL", { env: { CNI_NETNS: "" } });
      default:
        return this.#goOn(aftermath);
    }
  }

  /** The verb must succeed, and bring the host to where it would have been without the kill. */
  async #goOn(verb: Verb, call: PharosCall = {}): Promise<readonly string[]> {
    const { attached, detached } = this.#expected;
    const end = await this.#pharos.call(verb, call);
    if (verb !== "ADD") return [...failureOf(verb, end), ...this.#excused(await faultsAfter(verb, detached, this.#pharos))];
    const faults = [...failureOf(verb, end), ...(await faultsAfter(verb, attached, this.#pharos))];
    const last = await this.#pharos.call("DEL");
    return [...faults, ...failureOf("last DEL", last), ...(await faultsAfter("last DEL", detached, this.#pharos))];
  }

  /** The verb, or what cleans up after it, and STATUS, after which nothing of the former boot is held. */
  async #nextBoot(verb: Verb): Promise<readonly string[]> {
    const first = await this.#pharos.call(verb);
    const status = await this.#pharos.call("STATUS");
    const { attached, detached } = this.#expected;
    const differences = await faultsAfter(`${verb} and STATUS`, verb === "ADD" ? attached : detached, this.#pharos);
    return [...failureOf(verb, first), ...failureOf("STATUS", status), ...(verb === "ADD" ? differences : this.#excused(differences))];
  }

  /** On a bare host a killed ADD need not have made what stays. */
  #excused(faults: readonly string[]): readonly string[] {
    return this.#isBare ? faults.filter((fault) => !fault.includes(": missing: ")) : faults;
  }

  /** Nothing of the former boot is held after the first STATUS, and the host works as before. */
  async #reboot(): Promise<readonly string[]> {
    this.#pharos.host.reboot();
    const end = await this.#pharos.call("STATUS");
    const faults = [...failureOf("STATUS", end), ...(await faultsAfter("STATUS of the next boot", [], this.#pharos))];
    const before = this.#expected;
    await this.#learn();
    const { added, lost } = differencesOf(before.attached, this.#expected.attached);
    return [...faults, ...[...added, ...lost].map((line) => `ADD of the next boot: differs: ${line}`)];
  }
}

/** strace(1) that kills the program when it enters the call, which is then not carried out. */
export function killedAt({ name, ordinal }: TracedCall): readonly string[] {
  return ["strace", "-qq", "-o", "/dev/null", "-e", `trace=${name}`, "-e", `inject=${name}:signal=KILL:when=${ordinal}`];
}
