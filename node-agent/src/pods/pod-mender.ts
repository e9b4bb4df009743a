import { podElements } from "@pharos/attach";
import { type Clock, describeError, type Log } from "@pharos/base";
import type { Kernel } from "@pharos/kernel";
import { keyText, type LedgerEntry } from "@pharos/ledger";
import type { ReportedCondition } from "../report.ts";
import { RoundCall } from "../round-call.ts";
import { CallBackoff } from "./call-backoff.ts";
import type { NetnsLook } from "./netns-state.ts";
import type { OwnLedger } from "./own-ledger.ts";
import { type DamagedPod, judgePods, type PodFindings } from "./pod-state.ts";
import { podsCondition } from "./pods-condition.ts";
import { networkName, type PluginRunner } from "./run-plugin.ts";
import { SeenSince } from "./seen-since.ts";

export interface PodMenderOptions {
  readonly ledger: Pick<OwnLedger, "all" | "bootId">;
  readonly kernel: Pick<Kernel, "links" | "missingElements">;
  readonly plugin: Pick<PluginRunner, "run" | "status" | "settings">;
  readonly netns: NetnsLook;
  /** True once the host's network is committed: before that bridges are missing for a good reason. */
  readonly isReady: () => boolean;
  /** After a change of `condition`. */
  readonly onStanding: () => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly times?: MenderTimes;
}

/** How patient the mender is, in ms. */
export interface MenderTimes {
  /** Look at all pods when nothing wakes the mender. */
  readonly round: number;
  /** Between two looks: pods come and go in storms, each with many events. */
  readonly look: number;
  /** The plugin itself is at work for a moment: what it has not finished yet is no damage. */
  readonly damaged: number;
  /** A runtime that is about to remove a pod does it itself. */
  readonly dead: number;
  readonly helpless: number;
  /** Before the second call for one pod; doubled from there. */
  readonly pause: number;
}

const TIMES: MenderTimes = { round: 60_000, look: 1000, damaged: 1000, dead: 10_000, helpless: 10_000, pause: 5000 };
const SETTLE_MS = 200;
/** Between looks while what is wrong has to wait. */
const WAIT_LOOKS = 10;
/** Calls of the plugin between two looks. */
const CALLS_PER_ROUND = 100;

/**
 * Sees to it that the kernel has what the ledger says about this host's pods, and that the ledger holds no pods that are gone. The
 * plugin does the work: pods' objects have one owner. Only entries of Pharos' own network are touched.
 */
export class PodMender {
  readonly #options: PodMenderOptions;
  readonly #times: MenderTimes;
  readonly #wake: RoundCall;
  readonly #network: string;
  readonly #backoff: CallBackoff;
  readonly #seen: SeenSince;
  #hasAskedStatus = false;
  #condition: ReportedCondition = podsCondition([]);
  /** By key of the ledger: what the last call for a pod ended with. */
  readonly #failures = new Map<string, string>();

  constructor(options: PodMenderOptions) {
    this.#options = options;
    this.#times = options.times ?? TIMES;
    this.#wake = new RoundCall(options.clock);
    this.#network = networkName(options.plugin.settings);
    this.#backoff = new CallBackoff(options.clock, this.#times.pause);
    this.#seen = new SeenSince(options.clock);
  }

  get condition(): ReportedCondition {
    return this.#condition;
  }

  /** Something in the kernel, the ledger or the host's network has changed. */
  call(): void {
    this.#wake.call("kernel");
  }

  async run(signal: AbortSignal): Promise<void> {
    let timeoutMs = this.#times.round;
    this.#wake.call("start");
    while (!signal.aborted) {
      await this.#wake.next({ timeoutMs, settleMs: SETTLE_MS, signal });
      if (signal.aborted) return;
      try {
        timeoutMs = await this.#round(signal);
      } catch (error) {
        this.#options.log.warn("cannot look after the pods' links", { error: describeError(error) });
        timeoutMs = this.#times.round;
      }
      await this.#options.clock.sleep(this.#times.look, signal);
    }
  }

  /** Returns when the next round is due without a call, in ms. */
  async #round(signal: AbortSignal): Promise<number> {
    const findings = await this.#look();
    const since = this.#seen.take([
      ...findings.damaged.map(({ entry }) => `damaged ${keyText(entry.key)}`),
      ...findings.dead.map((entry) => `dead ${keyText(entry.key)}`),
      ...findings.helpless.map(({ entry }) => `helpless ${keyText(entry.key)}`),
    ]);
    const dead = findings.dead.filter((entry) => !this.#isOfThisBoot(entry) || since(`dead ${keyText(entry.key)}`) >= this.#times.dead);
    const damaged = this.#options.isReady()
      ? findings.damaged.filter(({ entry }) => since(`damaged ${keyText(entry.key)}`) >= this.#times.damaged)
      : [];
    await this.#reclaim(dead, signal);
    await this.#mend(damaged, signal);
    this.#tell(
      findings,
      findings.helpless.filter(({ entry }) => since(`helpless ${keyText(entry.key)}`) >= this.#times.helpless),
    );
    const open = [...findings.damaged.map(({ entry }) => entry), ...findings.dead];
    if (open.length + findings.helpless.length === 0) return this.#times.round;
    return open.some(({ key }) => this.#backoff.isDue(keyText(key))) ? this.#times.look : WAIT_LOOKS * this.#times.look;
  }

  async #look(): Promise<PodFindings> {
    const { ledger, kernel } = this.#options;
    const { bootId } = ledger;
    const entries = ledger.all().filter(({ key }) => key.network === this.#network);
    if (entries.length === 0) return { damaged: [], helpless: [], dead: [] };
    const elements = entries.filter((entry) => this.#isOfThisBoot(entry)).map((entry) => ({ entry, wanted: podElements(entry) }));
    const links = await kernel.links();
    const missing = new Set(await kernel.missingElements(elements.flatMap(({ wanted }) => wanted)));
    const missingElements = new Map(elements.map(({ entry, wanted }) => [entry, wanted.filter((one) => missing.has(one)).length]));
    return judgePods(entries, { bootId, links, missingElements, netns: ({ netns }) => this.#options.netns(netns) });
  }

  #isOfThisBoot({ bootId }: LedgerEntry): boolean {
    return bootId === this.#options.ledger.bootId;
  }

  /** What an earlier boot left goes at once and together, as far as the plugin's STATUS does that; the rest one by one. */
  async #reclaim(dead: readonly LedgerEntry[], signal: AbortSignal): Promise<void> {
    const { plugin, log } = this.#options;
    if (!this.#hasAskedStatus && dead.some((entry) => !this.#isOfThisBoot(entry))) {
      this.#hasAskedStatus = true;
      await plugin.status().catch((error: unknown) => log.debug("the plugin is not ready", { error: describeError(error) }));
      return;
    }
    for (const entry of this.#due(dead, (one) => one)) {
      if (signal.aborted) return;
      const did = await this.#called(entry, () => plugin.run({ verb: "DEL", ...partsOf(entry) }));
      const { key, bridge } = entry;
      if (did) log.info("reclaimed what a pod left that is gone", { pod: titleOf(entry), interface: key.ifname, bridge });
    }
  }

  async #mend(damaged: readonly DamagedPod[], signal: AbortSignal): Promise<void> {
    const { plugin, log } = this.#options;
    for (const { entry, netns, what } of this.#due(damaged, (pod) => pod.entry)) {
      if (signal.aborted) return;
      const did = await this.#called(entry, () => plugin.run({ verb: "ADD", ...partsOf(entry), netns }));
      if (did) log.warn("mended a pod's network", { pod: titleOf(entry), what: what.join(", ") });
    }
  }

  #due<T>(all: readonly T[], entryOf: (one: T) => LedgerEntry): readonly T[] {
    return all.filter((one) => this.#backoff.isDue(keyText(entryOf(one).key))).slice(0, CALLS_PER_ROUND);
  }

  /** True when the call succeeded. Also then the next one for the same pod has to wait: whoever undoes our work must not make a storm. */
  async #called(entry: LedgerEntry, call: () => Promise<unknown>): Promise<boolean> {
    const key = keyText(entry.key);
    this.#backoff.called(key);
    try {
      await call();
      this.#failures.delete(key);
      return true;
    } catch (error) {
      this.#options.log.error("cannot mend or reclaim a pod's network", { pod: titleOf(entry), error: describeError(error) });
      this.#failures.set(key, describeError(error));
      return false;
    }
  }

  #tell({ damaged, dead }: PodFindings, helpless: PodFindings["helpless"]): void {
    const open = new Set([...damaged.map(({ entry }) => entry), ...dead].map(({ key }) => keyText(key)));
    for (const key of this.#failures.keys()) if (!open.has(key)) this.#failures.delete(key);
    const failed = [...damaged.map(({ entry }) => entry), ...dead].flatMap((entry) => {
      const why = this.#failures.get(keyText(entry.key));
      return why === undefined ? [] : [`${titleOf(entry)}: ${why}`];
    });
    const next = podsCondition([...failed, ...helpless.map(({ entry, why }) => `${titleOf(entry)}: ${why}`)]);
    if (next.message === this.#condition.message) return;
    this.#condition = next;
    this.#options.onStanding();
  }
}

/** What names an entry to the plugin, and tells it which one was seen. */
function partsOf({ key, pod, bootId, netns }: LedgerEntry) {
  const expects = { bootId, ...(netns === undefined ? {} : { netns }) };
  return { containerID: key.containerID, ifname: key.ifname, ...(pod === undefined ? {} : { pod }), expects };
}

function titleOf({ pod, key }: LedgerEntry): string {
  return pod === undefined ? key.containerID : `${pod.namespace}/${pod.name}`;
}
