import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Expected, failureOf, faultsAfter, learnExpected } from "./expectation.ts";
import { differencesOf } from "./host-lines.ts";
import { PharosHost } from "./pharos-host.ts";
import { type KillRun, splitAt, type TracedCall, type TraceParts, tracedCalls } from "./trace.ts";

/** The verbs that change something. */
export type Verb = "ADD" | "DEL" | "GC";
/** What happens after the plugin was killed. */
export type Aftermath = "retry" | "DEL" | "GC" | "reboot";
export const AFTERMATHS: readonly Aftermath[] = ["retry", "DEL", "GC", "reboot"];

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
  #expected: Expected = { detached: [], attached: [] };

  constructor(prefix: string, plugin: string) {
    this.#pharos = new PharosHost(prefix, plugin);
  }

  /** Attaches the bystander, and learns how the host looks with and without the victim. */
  async start(): Promise<void> {
    await this.#pharos.host.start();
    this.#expected = await learnExpected(this.#pharos);
  }

  /** The system calls of one undisturbed run. */
  async trace(verb: Verb): Promise<TraceParts> {
    if (verb !== "ADD") await this.#pharos.must("ADD");
    const file = join(this.#pharos.host.folder, "trace");
    await this.#pharos.must(verb, { through: ["strace", "-qq", "-o", file] });
    if (verb === "ADD") await this.#pharos.must("DEL");
    return splitAt(tracedCalls(readFileSync(file, "utf8")), this.#pharos.stateDir);
  }

  /** One run: kill at the call, aftermath, comparison, and DEL for the next run. */
  async run(verb: Verb, { call, aftermath }: KillRun<Aftermath>): Promise<KillOutcome> {
    if (verb !== "ADD") await this.#pharos.must("ADD");
    const end = await this.#pharos.call(verb, { through: killedAt(call) });
    const faults = aftermath === "reboot" ? await this.#reboot() : await this.#goOn(aftermath === "retry" ? verb : aftermath);
    return { killed: end.signal === "SIGKILL", faults };
  }

  remove(): void {
    this.#pharos.host.remove();
  }

  /** The verb must succeed, and bring the host to where it would have been without the kill. */
  async #goOn(verb: Verb): Promise<readonly string[]> {
    const { attached, detached } = this.#expected;
    const end = await this.#pharos.call(verb);
    const faults = [...failureOf(verb, end), ...(await faultsAfter(verb, verb === "ADD" ? attached : detached, this.#pharos))];
    if (verb !== "ADD") return faults;
    const last = await this.#pharos.call("DEL");
    return [...faults, ...failureOf("last DEL", last), ...(await faultsAfter("last DEL", detached, this.#pharos))];
  }

  /** Nothing of the former boot is held after the first STATUS, and the host works as before. */
  async #reboot(): Promise<readonly string[]> {
    this.#pharos.host.reboot();
    const end = await this.#pharos.call("STATUS");
    const faults = [...failureOf("STATUS", end), ...(await faultsAfter("STATUS of the next boot", [], this.#pharos))];
    const before = this.#expected;
    this.#expected = await learnExpected(this.#pharos);
    const { added, lost } = differencesOf(before.attached, this.#expected.attached);
    return [...faults, ...[...added, ...lost].map((line) => `ADD of the next boot: differs: ${line}`)];
  }
}

/** strace(1) that kills the program when it enters the call, which is then not carried out. */
export function killedAt({ name, ordinal }: TracedCall): readonly string[] {
  return ["strace", "-qq", "-o", "/dev/null", "-e", `trace=${name}`, "-e", `inject=${name}:signal=KILL:when=${ordinal}`];
}
