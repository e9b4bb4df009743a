import type { LedgerEntry } from "@pharos/ledger";

/** The annotation by which Multus and others tell a pod's interfaces (Kubernetes Network Custom Resource Definition De-facto Standard 1.3, section 3). */
export const NETWORK_STATUS_ANNOTATION = "k8s.v1.cni.cncf.io/network-status";

/** What is told of one pod. */
export interface PodNetworkStatusText {
  readonly pod: { readonly namespace: string; readonly name: string };
  readonly interfaces: number;
  /** The annotation's value. */
  readonly text: string;
}

/** What each pod's interfaces are, in the order of the ledger. Of several containers that bore a pod's name the last one counts. */
export function networkStatuses(entries: readonly LedgerEntry[]): readonly PodNetworkStatusText[] {
  const byPod = Map.groupBy(entries, ({ pod }) => (pod === undefined ? "" : `${pod.namespace}/${pod.name}`));
  return [...byPod].flatMap(([title, all]) => {
    const last = all.at(-1);
    if (title === "" || last?.pod === undefined) return [];
    const mine = all.filter(({ key }) => key.containerID === last.key.containerID);
    return [{ pod: last.pod, interfaces: mine.length, text: statusText(mine) }];
  });
}

/** The network's name is that of the bridge, by which pods ask for it. */
function statusText(entries: readonly LedgerEntry[]): string {
  const primaryFirst = [...entries].sort((a, b) => Number(a.primary !== undefined) - Number(b.primary !== undefined));
  const items = primaryFirst.map(({ bridge, key, addresses, mac, primary }) => ({
    name: bridge,
    interface: key.ifname,
    ips: addresses.map((address) => address.split("/")[0]),
    mac,
    ...(primary === undefined ? { default: true } : {}),
    dns: {},
  }));
  return JSON.stringify(items, undefined, 4);
}
