import { mkdirSync, watch } from "node:fs";
import { BRIDGE_ANNOTATION } from "@pharos/attach";
import { type Clock, describeError, hasCode, type Log } from "@pharos/base";
import type { PodNetwork, PodNetworkStatus } from "@pharos/kinds";
import type { LedgerEntry } from "@pharos/ledger";
import { refOf, STORE_EXISTS, STORE_NOT_FOUND, STORE_UNAVAILABLE, type Store } from "@pharos/store";
import { RoundCall } from "../round-call.ts";
import { isPendingRequest, matchContainers } from "./match-request.ts";
import { type PublishAction, publishActions } from "./published-pods.ts";
import type { PluginRunner } from "./run-plugin.ts";
import type { ContainerRuntime, RunningContainer } from "./runtime.ts";

const IFNAME = "eth0";
/** Full look at requests and ledger when nothing wakes the keeper. */
const ROUND_MS = 10_000;
const SETTLE_MS = 5;
/** Back-off while the store takes nothing: doubled from the first to the last. */
const RETRY_MS = { first: 1000, last: 30_000 };

export interface PodKeeperOptions {
  readonly host: string;
  readonly store: Store;
  readonly runtime: ContainerRuntime;
  readonly plugin: Pick<PluginRunner, "run" | "settings">;
  /** The attachments that hold at this moment. */
  readonly ledger: () => readonly LedgerEntry[];
  /** Undefined while it is unknown what the store holds. */
  readonly podNetworks: () => readonly PodNetwork[] | undefined;
  /** True once the host's network is committed: before that an attachment would find no bridge data. */
  readonly isReady: () => boolean;
  /** After a change of the ledger. */
  readonly onLedger: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** What a request comes to. */
interface Answer {
  readonly request: PodNetwork;
  readonly status: PodNetworkStatus;
}

/** Answers requests for running containers, and publishes this host's ledger as PodNetworks. */
export class PodKeeper {
  readonly #options: PodKeeperOptions;
  readonly #wake: RoundCall;
  /** Which request an attachment of this run answered: containerID → request id. */
  readonly #answered = new Map<string, string>();

  constructor(options: PodKeeperOptions) {
    this.#options = options;
    this.#wake = new RoundCall(options.clock);
  }

  /** Something that the keeper reads has changed. */
  call(): void {
    this.#wake.call("request");
  }

  async run(signal: AbortSignal): Promise<void> {
    const { runtime, plugin, store, onLedger, log } = this.#options;
    runtime.watch(() => this.#wake.call("request"), signal);
    const { stateDir } = plugin.settings;
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    const onChange = () => {
      this.#wake.call("ledger");
      onLedger();
    };
    watch(stateDir, { signal }, onChange).on("error", () => {});
    let timeoutMs = ROUND_MS;
    let retryMs = RETRY_MS.first;
    let problem = "";
    this.#wake.call("start");
    while (!signal.aborted) {
      await this.#wake.next({ timeoutMs, settleMs: SETTLE_MS, signal });
      if (signal.aborted) return;
      try {
        const answers = await this.#attachRequested();
        // The attachments are shown before their request counts as done: whoever is told can look them up.
        await this.#publish();
        for (const { request, status } of answers) await store.patchStatus(refOf<"PodNetwork">(request), status);
        timeoutMs = ROUND_MS;
        retryMs = RETRY_MS.first;
        problem = "";
      } catch (error) {
        if (problem !== describeError(error)) log.warn("pods are not up to date in the store", { error: describeError(error) });
        problem = describeError(error);
        timeoutMs = retryMs;
        retryMs = Math.min(retryMs * 2, RETRY_MS.last);
      }
    }
  }

  async #attachRequested(): Promise<readonly Answer[]> {
    const { host, podNetworks, runtime, isReady } = this.#options;
    const pending = (podNetworks() ?? []).filter((object) => isPendingRequest(object, host));
    if (pending.length === 0 || !isReady()) return [];
    const containers = await runtime.list();
    const answers: Answer[] = [];
    for (const request of pending) {
      const matching = matchContainers(request.spec.request?.podName ?? "", containers);
      if (matching.length > 0) answers.push({ request, status: await this.#attach(request, matching) });
    }
    return answers;
  }

  /** Attaches every container that matches; a container that shares the host's namespace has nothing to attach. */
  async #attach(request: PodNetwork, containers: readonly RunningContainer[]): Promise<PodNetworkStatus> {
    const { plugin, host, log } = this.#options;
    const said: string[] = [];
    const addresses: string[] = [];
    let failed = false;
    for (const container of containers) {
      const title = `${container.pod.namespace}/${container.pod.name}`;
      if (container.netns === undefined) {
        said.push(`${title}: nothing to attach, it shares the network of ${host}`);
        continue;
      }
      try {
        const { bridge } = request.spec;
        const result = await plugin.run({
          verb: "ADD",
          containerID: container.id,
          ifname: IFNAME,
          netns: container.netns,
          pod: container.pod,
          annotations: { ...container.annotations, ...(bridge === undefined || bridge === "" ? {} : { [BRIDGE_ANNOTATION]: bridge }) },
        });
        this.#answered.set(container.id, request.spec.request?.id ?? "");
        addresses.push(...addressesOf(result));
        said.push(`${title}: ${addressesOf(result).join(" ")}`);
      } catch (error) {
        failed = true;
        log.error("cannot attach", { pod: title, error: describeError(error) });
        said.push(`${title}: ${describeError(error)}`);
      }
    }
    return { phase: failed ? "Failed" : "Attached", addresses, message: said.join("; ").slice(0, 1000) };
  }

  /** What is refused in one Kubernetes namespace (one that is being deleted takes nothing new) holds up no other one. Throws the first refusal. */
  async #publish(): Promise<void> {
    const { host, ledger, podNetworks } = this.#options;
    const published = podNetworks();
    if (published === undefined) return;
    const actions = publishActions(ledger(), published, host, (id) => this.#answered.get(id));
    const refused = new Map<string, unknown>();
    for (const action of actions) {
      const namespace = namespaceOf(action);
      if (refused.has(namespace)) continue;
      try {
        await this.#act(action);
      } catch (error) {
        if (hasCode(error, STORE_UNAVAILABLE)) throw error;
        refused.set(namespace, error);
      }
    }
    for (const error of refused.values()) throw error;
  }

  async #act(action: PublishAction): Promise<void> {
    const { store } = this.#options;
    try {
      if (action.kind === "delete") return await store.delete({ kind: "PodNetwork", name: action.name, namespace: action.namespace });
      const { status, ...object } = action.object;
      if (action.kind === "create") await store.create<"PodNetwork">(object);
      if (status !== undefined) await store.patchStatus(refOf<"PodNetwork">(action.object), status);
    } catch (error) {
      // What we see of the store is a little old; the next event decides again.
      if (!hasCode(error, STORE_NOT_FOUND) && !hasCode(error, STORE_EXISTS)) throw error;
    }
  }
}

function namespaceOf(action: PublishAction): string {
  return action.kind === "delete" ? action.namespace : (action.object.metadata.namespace ?? "");
}

function addressesOf(result: unknown): readonly string[] {
  const { ips } = (result ?? {}) as { ips?: readonly { readonly address?: string }[] };
  return (ips ?? []).map(({ address }) => address ?? "").filter((address) => address !== "");
}
