import type { PodNetwork } from "@pharos/kinds";
import type { AttachmentKey, LedgerEntry } from "@pharos/ledger";

/** What to do to the store's PodNetworks so that they show this host's ledger. */
export type PublishAction =
  | { readonly kind: "create"; readonly object: PodNetwork }
  | { readonly kind: "status"; readonly object: PodNetwork }
  | { readonly kind: "delete"; readonly name: string; readonly namespace: string };

/** The PodNetwork that shows one attachment of this host. */
export function podNetworkOf(entry: LedgerEntry, host: string, requestID: string | undefined): PodNetwork {
  const { containerID, ifname } = entry.key;
  const pod = entry.pod ?? { namespace: "default", name: containerID };
  return {
    apiVersion: "pharos.io/v1",
    kind: "PodNetwork",
    metadata: { name: objectName(containerID, ifname), namespace: pod.namespace },
    spec: { host, bridge: entry.bridge, pod, containerID, ifname, ...(requestID === undefined ? {} : { requestID }) },
    status: {
      phase: "Attached",
      addresses: [...entry.addresses],
      mac: entry.mac,
      hostInterface: entry.hostName,
      ...(entry.netns === undefined ? {} : { netns: entry.netns }),
    },
  };
}

/** Unique per attachment, and a valid object name whatever the runtime calls its containers. */
function objectName(containerID: string, ifname: string): string {
  const safe = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9.-]/g, "-");
  return `${safe(containerID).slice(0, 40)}-${safe(ifname)}`.replace(/^[.-]+/, "c").replace(/[.-]+$/, "");
}

/**
 * Decides what to write. `published` are all PodNetworks of the store; only attachments of this host are touched.
 * `requestOf` names the request that an attachment answered, if any.
 */
export function publishActions(
  entries: readonly LedgerEntry[],
  published: readonly PodNetwork[],
  host: string,
  requestOf: (key: AttachmentKey) => string | undefined,
): readonly PublishAction[] {
  const keyOf = (object: PodNetwork) => `${object.metadata.namespace ?? ""}/${object.metadata.name}`;
  const ours = new Map(
    published.filter(({ spec }) => spec.request === undefined && spec.host === host).map((object) => [keyOf(object), object]),
  );
  const wanted = new Map(entries.map((entry) => podNetworkOf(entry, host, requestOf(entry.key))).map((object) => [keyOf(object), object]));
  const actions: PublishAction[] = [];
  for (const [key, object] of wanted) {
    const there = ours.get(key);
    if (there === undefined) actions.push({ kind: "create", object });
    else if (!sameStatus(there, object)) actions.push({ kind: "status", object });
  }
  for (const [key, { metadata }] of ours) {
    if (!wanted.has(key)) actions.push({ kind: "delete", name: metadata.name, namespace: metadata.namespace ?? "default" });
  }
  return actions;
}

function sameStatus(a: PodNetwork, b: PodNetwork): boolean {
  const facts = ({ status }: PodNetwork) => [status?.phase, status?.addresses?.join(" "), status?.mac, status?.hostInterface].join("|");
  return facts(a) === facts(b);
}
