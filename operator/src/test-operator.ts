// An operator over a real API server, and what its tests ask that server.
import { randomUUID } from "node:crypto";
import { uptime } from "node:os";
import { type Log, type LogFields, silentLog, systemClock } from "@pharos/base";
import type { Bridge, Condition, Node } from "@pharos/kinds";
import { type DecodedRevision, decodeRevision, type ObjectRef, type Store } from "@pharos/store";
import { connectKubernetesStore, kubeconfigCredentials } from "@pharos/store/kubernetes";
import { kubernetesHome } from "@pharos/store/kubernetes-home";
import type { OperatorOptions } from "./operator-options.ts";
import { runOperator } from "./run-operator.ts";

export interface TestOperator {
  /** Warnings and errors that it logged. */
  readonly lines: readonly string[];
  stop(): Promise<void>;
}

/** Starts an operator in this process with the rights of a kubeconfig. */
export async function startOperator(kubeconfig: string, more: Partial<OperatorOptions> = {}): Promise<TestOperator> {
  const stop = new AbortController();
  const lines: string[] = [];
  const note = (message: string, fields: LogFields = {}) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const log: Log = { ...silentLog, warn: note, error: note, child: () => log };
  const home = await kubernetesHome({
    kubeconfig,
    namespace: "default",
    part: "operator",
    identity: randomUUID(),
    clock: systemClock,
    bootTime: () => uptime() * 1000,
    log,
    random: Math.random,
    newId: randomUUID,
  });
  const running = runOperator({ home, clock: systemClock, log, signal: stop.signal, adoptionWait: 0, ...more });
  return {
    lines,
    stop: async () => {
      stop.abort();
      await running;
      await home.close();
    },
  };
}

/** A store as a door has it. */
export async function doorStore(kubeconfig: string): Promise<Store> {
  return connectKubernetesStore({
    credentials: await kubeconfigCredentials(kubeconfig),
    fieldManager: "pharos-bridge",
    clock: systemClock,
    log: silentLog,
    random: Math.random,
    newId: randomUUID,
  });
}

/** What `read` tells as soon as it is defined; fails after `limit` ms. */
export async function eventually<T>(what: string, read: () => Promise<T | undefined>, limit = 30_000): Promise<T> {
  const end = systemClock.monotonic() + limit;
  for (;;) {
    const value = await read();
    if (value !== undefined) return value;
    if (systemClock.monotonic() > end) throw new Error(`${what}: it did not come about within ${limit} ms`);
    await systemClock.sleep(50);
  }
}

/** Type and reason of a condition that is waited for. */
export interface Wanted {
  readonly type: string;
  readonly reason: string;
}

/** The condition once it has this reason. */
export function conditionOf(store: Store, ref: ObjectRef, want: Wanted): Promise<Condition> {
  return eventually(`${ref.kind}/${ref.name} ${want.type} ${want.reason}`, async () => {
    const { status } = (await store.get(ref)) ?? {};
    return status?.conditions?.find(({ type, reason }) => type === want.type && reason === want.reason);
  });
}

/** What tests ask a cluster by. */
export interface Kubectl {
  kubectl(args: readonly string[], stdin?: string): string;
}

/** Applies documents as one hand. */
export function applyAll(api: Kubectl, documents: readonly object[]): void {
  api.kubectl(["apply", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items: documents }));
}

interface ClusterEvents {
  readonly items: readonly { readonly reason: string; readonly message: string; readonly involvedObject: { readonly name: string } }[];
}

/** An event about the object whose text has `part`. */
export function eventOf(api: Kubectl, { reason, name, part }: { reason: string; name: string; part: string }): Promise<unknown> {
  return eventually(`event ${reason} of ${name}: ${part}`, async () => {
    const { items } = JSON.parse(api.kubectl(["get", "events", "-A", "-o", "json"])) as ClusterEvents;
    return items.find((each) => each.reason === reason && each.involvedObject.name === name && each.message.includes(part));
  });
}

/** All revisions, oldest first. */
export async function revisionsIn(store: Store): Promise<readonly DecodedRevision[]> {
  const { items } = await store.list("ConfigRevision");
  return items.map(decodeRevision).sort((a, b) => a.number - b.number);
}

/** Subnets of the bridges in a revision, sorted. */
export function subnetsOf({ content }: DecodedRevision): readonly string[] {
  const entries = content.documents.bridges.flatMap(({ spec }) => spec.bridges);
  return entries.flatMap(({ ipam }) => ipam?.ranges?.map(({ subnet }) => subnet) ?? []).sort();
}

/** A vehicle of one SoC. */
export function vehicle(): Node {
  const eth0 = { name: "eth0", type: "static", address: "10.1.0.2/24", uplink: false, managed: true, takeover: false } as const;
  return {
    apiVersion: "pharos.io/v1",
    kind: "Node",
    metadata: { name: "car" },
    spec: {
      name: "car",
      defaultAction: "DROP",
      enforcement: "enforce",
      socs: [{ name: "soc1", managed: true, interfaces: [eth0] }],
    },
  };
}

/** A document with one pod bridge. */
export function podBridge(name: string, subnet: string): Bridge {
  const ipam = { type: "host-local", ranges: [{ subnet }] } as const;
  const entry = { name, type: "bridge", bridgeFor: "pod", ipMasq: false, isGateway: true, default: false, ipam } as const;
  return { apiVersion: "pharos.io/v1", kind: "Bridge", metadata: { name: name.toLowerCase() }, spec: { bridges: [entry] } };
}
