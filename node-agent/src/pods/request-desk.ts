import { BRIDGE_ANNOTATION } from "@pharos/attach";
import { describeError, type Log, PharosError } from "@pharos/base";
import type { PodNetwork, PodNetworkStatus } from "@pharos/kinds";
import { type AttachmentKey, keyText, type LedgerEntry } from "@pharos/ledger";
import { AGENT_POD_UNREACHABLE } from "../codes.ts";
import { type AttachTarget, attachTargets } from "./attach-target.ts";
import type { NetnsLook } from "./netns-state.ts";
import { networkName, type PluginRunner } from "./run-plugin.ts";
import type { ContainerRuntime } from "./runtime.ts";

const IFNAME = "eth0";
/** Names of interfaces besides that of the runtime, as Multus gives them. */
const furtherName = (index: number) => `net${index}`;

export interface RequestDeskOptions {
  readonly host: string;
  readonly runtime: ContainerRuntime;
  readonly plugin: Pick<PluginRunner, "run" | "settings">;
  /** The attachments that hold at this moment. */
  readonly ledger: () => readonly LedgerEntry[];
  readonly netns: NetnsLook;
  /** A running pod that is wanted on another bridge: an interface more for it (Kubernetes told others its address), or another one. */
  readonly whenAttached: "add" | "replace";
  readonly log: Log;
}

/** What a request comes to. */
export interface Answer {
  readonly request: PodNetwork;
  readonly status: PodNetworkStatus;
}

/** Answers requests for pods that run. */
export class RequestDesk {
  readonly #options: RequestDeskOptions;
  readonly #network: string;
  /** Which request an attachment of this run answered: key of the ledger → request id. */
  readonly #answered = new Map<string, string>();

  constructor(options: RequestDeskOptions) {
    this.#options = options;
    this.#network = networkName(options.plugin.settings);
  }

  /** Id of the request that an attachment answered. */
  requestOf(key: AttachmentKey): string | undefined {
    return this.#answered.get(keyText(key));
  }

  /** Answers those whose pods run; the others stay pending. */
  async answer(pending: readonly PodNetwork[]): Promise<readonly Answer[]> {
    if (pending.length === 0) return [];
    this.#forgetGone();
    const containers = await this.#options.runtime.list();
    const answers: Answer[] = [];
    for (const request of pending) {
      const ledger = this.#options.ledger().filter(({ key }) => key.network === this.#network);
      const targets = attachTargets(request.spec.request?.podName ?? "", containers, { ledger, look: this.#options.netns });
      if (targets.length > 0) answers.push({ request, status: await this.#attach(request, targets) });
    }
    return answers;
  }

  /**
   * Attaches again what requests attached before and what started again since, also under another id: a runtime that was asked for no
   * network gives none. Of several requests for one container the newest counts. Nothing where others attach pods.
   */
  async restore(attached: readonly PodNetwork[]): Promise<void> {
    if (attached.length === 0 || this.#options.whenAttached !== "replace") return;
    const containers = await this.#options.runtime.list();
    const ledger = this.#options.ledger().filter(({ key }) => key.network === this.#network);
    const oldestFirst = [...attached].sort((a, b) => requestedAt(a).localeCompare(requestedAt(b)));
    const wishes = new Map(
      oldestFirst.flatMap((request) =>
        attachTargets(request.spec.request?.podName ?? "", containers, { ledger, look: this.#options.netns }).map(
          (target) => [target.containerID, { request, target }] as const,
        ),
      ),
    );
    for (const { request, target } of wishes.values()) {
      if (target.netns.kind === "there") await this.#attach(request, [target]);
    }
  }

  #forgetGone(): void {
    const held = new Set(this.#options.ledger().map(({ key }) => keyText(key)));
    for (const key of this.#answered.keys()) if (!held.has(key)) this.#answered.delete(key);
  }

  async #attach(request: PodNetwork, targets: readonly AttachTarget[]): Promise<PodNetworkStatus> {
    const said: string[] = [];
    const addresses: string[] = [];
    let failed = false;
    for (const target of targets) {
      const title = `${target.pod.namespace}/${target.pod.name}`;
      try {
        const given = await this.#attachOne(target, request);
        addresses.push(...given);
        said.push(`${title}: ${given.length > 0 ? given.join(" ") : `nothing to attach, it shares the network of ${this.#options.host}`}`);
      } catch (error) {
        failed = true;
        this.#options.log.error("cannot attach", { pod: title, error: describeError(error) });
        said.push(`${title}: ${describeError(error)}`);
      }
    }
    return { phase: failed ? "Failed" : "Attached", addresses, message: said.join("; ").slice(0, 1000) };
  }

  /** Its addresses on the bridge; none for a pod that shares its host's network. */
  async #attachOne(target: AttachTarget, { spec }: PodNetwork): Promise<readonly string[]> {
    const { netns, entries } = target;
    if (netns.kind === "host") return [];
    const bridge = spec.bridge === "" ? undefined : spec.bridge;
    const there = entries.find((entry) => bridge === undefined || entry.bridge === bridge);
    const key = there?.key ?? this.#newKey(target);
    if (spec.request !== undefined) this.#answered.set(keyText(key), spec.request.id);
    if (there !== undefined && there.addresses.length > 0 && isOf(there, netns)) return there.addresses;
    if (netns.kind === "unreachable")
      throw new PharosError(AGENT_POD_UNREACHABLE, "it runs already, and its network namespace cannot be reached from here");
    const [primary] = entries;
    const isReplaced = primary !== undefined && there === undefined && this.#options.whenAttached === "replace";
    if (isReplaced) await this.#detach(target, primary);
    const goesWith = primary === undefined || isReplaced || key.ifname === primary.key.ifname ? {} : { primary: primary.key.ifname };
    const result = await this.#options.plugin.run({
      verb: "ADD",
      containerID: key.containerID,
      ifname: key.ifname,
      netns: netns.path,
      pod: target.pod,
      annotations: { ...target.annotations, ...(bridge === undefined ? {} : { [BRIDGE_ANNOTATION]: bridge }) },
      ...goesWith,
    });
    return addressesOf(result, key.ifname);
  }

  /** The interface of the runtime where the pod has none or another one takes its place, else one more. */
  #newKey({ containerID, entries }: AttachTarget): AttachmentKey {
    const [primary] = entries;
    if (primary === undefined) return { network: this.#network, containerID, ifname: IFNAME };
    if (this.#options.whenAttached === "replace") return primary.key;
    const taken = new Set(entries.map(({ key }) => key.ifname));
    let index = 1;
    while (taken.has(furtherName(index))) index++;
    return { network: this.#network, containerID, ifname: furtherName(index) };
  }

  #detach({ containerID, pod }: AttachTarget, { key, bootId, netns }: LedgerEntry): Promise<unknown> {
    const expects = { bootId, ...(netns === undefined ? {} : { netns }) };
    return this.#options.plugin.run({
      verb: "DEL",
      containerID,
      ifname: key.ifname,
      pod,
      expects,
      ...(netns === undefined ? {} : { netns }),
    });
  }
}

function requestedAt({ spec }: PodNetwork): string {
  return spec.request?.requestedAt ?? "";
}

/** False for an entry of the same container before it was started anew, in another network namespace. */
function isOf(entry: LedgerEntry, netns: AttachTarget["netns"]): boolean {
  // /var/run is /run (FHS 3.0).
  const plain = (path: string) => path.replace(/^\/var\/run\//, "/run/");
  return netns.kind !== "there" || entry.netns === undefined || plain(entry.netns) === plain(netns.path);
}

/** The addresses that a result (CNI 1.1) gives to one interface of the pod. */
function addressesOf(result: unknown, ifname: string): readonly string[] {
  const { ips = [], interfaces = [] } = (result ?? {}) as {
    readonly ips?: readonly { readonly address?: string; readonly interface?: number }[];
    readonly interfaces?: readonly { readonly name?: string; readonly sandbox?: string }[];
  };
  const isOf = (index: number | undefined) => index === undefined || interfaces[index]?.name === ifname;
  return ips.filter((ip) => isOf(ip.interface)).flatMap(({ address }) => address ?? []);
}
