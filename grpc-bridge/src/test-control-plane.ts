// The rest of Pharos, as small as a test of the bridge needs it: freezes documents and answers for the hosts.
import { setTimeout as delay } from "node:timers/promises";
import { documentSet, type RevisionContent } from "@pharos/compiler";
import type { ConfigRevision, HostReportStatus } from "@pharos/kinds";
import { encodeRevision, type Store } from "@pharos/store";
import { managedHosts } from "./change/outcome.ts";
import { readDocuments } from "./documents/overlay.ts";

export interface FakeControlPlane {
  /** Hosts that answer; changed by tests. */
  readonly awake: Set<string>;
  /** Host → why it goes back from every new revision. */
  readonly refusing: Map<string, string>;
  /** Pods that agents find and attach. */
  readonly pods: Set<string>;
  /** Frozen revisions so far. */
  revisions(): number;
}

/** Looks at the store every 10 ms until `signal` aborts. */
export function fakeControlPlane(store: Store, signal: AbortSignal): FakeControlPlane {
  const awake = new Set<string>();
  const refusing = new Map<string, string>();
  const pods = new Set<string>();
  let number = 0;
  let last = "";
  const good = new Map<string, HostReportStatus["revision"]>();

  async function freeze(): Promise<void> {
    const documents = await readDocuments(store);
    if (!documents.some(({ kind }) => kind === "Node")) return;
    const frozen = documents.map(({ apiVersion, kind, metadata, spec }) => ({ apiVersion, kind, metadata: { name: metadata.name }, spec }));
    const content: RevisionContent = { documents: documentSet(frozen as typeof documents), allocations: [], leases: [] };
    const text = JSON.stringify(content);
    if (text === last) return;
    last = text;
    number += 1;
    const epoch = await store.epoch();
    const revision: ConfigRevision = {
      apiVersion: "pharos.io/v1",
      kind: "ConfigRevision",
      metadata: { name: `r${number}` },
      spec: { epoch, number, ...encodeRevision(text) },
    };
    await store.create<"ConfigRevision">(revision);
  }

  async function report(host: string): Promise<void> {
    const epoch = await store.epoch();
    const mine = { epoch, number, hash: `h${number}` };
    const reason = refusing.get(host);
    if (number > 0 && reason === undefined) good.set(host, mine);
    const runs = good.get(host);
    const status: HostReportStatus = {
      state: reason === undefined ? (number === 0 ? "Starting" : "Committed") : "RolledBack",
      ...(runs === undefined ? {} : { revision: runs }),
      rejected: reason === undefined ? [] : [{ epoch, number, reason }],
      features: { bridgeNetfilter: true, nftables: true, ipv6: true },
    };
    const ref = { kind: "HostReport", name: host } as const;
    if ((await store.get(ref)) === undefined)
      await store.create<"HostReport">({ apiVersion: "pharos.io/v1", kind: "HostReport", metadata: { name: host }, spec: { host } });
    await store.patchStatus(ref, status);
  }

  async function attach(): Promise<void> {
    for (const { spec, status, metadata } of (await store.list("PodNetwork")).items) {
      if (spec.request === undefined || status !== undefined || !pods.has(spec.request.podName)) continue;
      await store.patchStatus(
        { kind: "PodNetwork", name: metadata.name, namespace: "default" },
        { phase: "Attached", addresses: ["10.2.1.5/24"] },
      );
    }
  }

  void (async () => {
    while (!signal.aborted) {
      await freeze();
      const hosts = managedHosts((await store.list("Node")).items);
      for (const host of hosts) if (awake.has(host)) await report(host);
      await attach();
      await delay(10, undefined, { signal }).catch(() => {});
    }
  })().catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  return { awake, refusing, pods, revisions: () => number };
}
