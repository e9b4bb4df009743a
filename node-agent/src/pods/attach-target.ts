import type { LedgerEntry } from "@pharos/ledger";
import { matchContainers, splitPodName } from "./match-request.ts";
import type { NetnsLook } from "./netns-state.ts";
import type { RunningContainer } from "./runtime.ts";

/** A running container that a request means. */
export interface AttachTarget {
  readonly containerID: string;
  readonly pod: { readonly namespace: string; readonly name: string };
  readonly annotations: Readonly<Record<string, string>>;
  readonly netns:
    | { readonly kind: "there"; readonly path: string }
    /** It has the network of its host, so there is nothing to attach. */
    | { readonly kind: "host" }
    | { readonly kind: "unreachable" };
  /** What it has already, the interface that its runtime knows of first. */
  readonly entries: readonly LedgerEntry[];
}

/**
 * The containers that `podName` means: those of the runtime where it can be asked, else the pods that somebody attached under that
 * name. A pod whose network namespace is gone does not run any more.
 */
export function attachTargets(
  podName: string,
  containers: readonly RunningContainer[],
  { ledger, look }: { readonly ledger: readonly LedgerEntry[]; readonly look: NetnsLook },
): readonly AttachTarget[] {
  const entriesOf = (id: string) => primaryFirst(ledger.filter(({ key }) => key.containerID === id));
  const matching = matchContainers(podName, containers);
  if (matching.length > 0) {
    return matching.map(({ id, pod, annotations, netns }) => ({
      containerID: id,
      pod,
      annotations,
      netns: netns === undefined ? { kind: "host" } : { kind: "there", path: netns },
      entries: entriesOf(id),
    }));
  }
  const wanted = splitPodName(podName);
  const mine = ledger.filter(({ pod }) => pod?.namespace === wanted.namespace && pod.name === wanted.name);
  return [...Map.groupBy(mine, ({ key }) => key.containerID)].flatMap(([containerID, entries]) => {
    const netns = look(entries[0]?.netns);
    if (netns.kind === "gone") return [];
    const reached = netns.kind === "there" ? netns : ({ kind: "unreachable" } as const);
    return [{ containerID, pod: wanted, annotations: {}, netns: reached, entries: primaryFirst(entries) }];
  });
}

function primaryFirst(entries: readonly LedgerEntry[]): readonly LedgerEntry[] {
  return [...entries].sort((a, b) => Number(a.primary !== undefined) - Number(b.primary !== undefined));
}
