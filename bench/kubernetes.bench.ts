// Operator, bridge and agent as real processes on a real API server: how long a change of one document takes to the kernel, what the
// three hold in memory at rest and with 10,000 PodNetworks, and what they write while nothing happens. Needs root (the agent runs in a
// network namespace), `make build` and `make kube-assets`. Raw samples go to bench/results/kubernetes.json; the last lines are
// `FIGURE name value unit target ok|short`. `--quick` makes few changes and keeps no samples.
// What the reflector holds beside client-node's informer: bench/reflector.bench.ts.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { silentLog, systemClock } from "@pharos/base";
import { connectKubernetesStore, kubeconfigCredentials } from "@pharos/store/kubernetes";
import { type ApiClient, apiClient } from "./kubernetes/api-client.ts";
import { type ApiWrite, writesIn } from "./kubernetes/api-writes.ts";
import { watchKernel } from "./kubernetes/kernel-watch.ts";
import { DAEMONS, type Daemon, type Machine, startMachine, until } from "./kubernetes/machine.ts";
import { type Memory, memoryOf } from "./kubernetes/processes.ts";
import { documents, HOST, rulesWith } from "./kubernetes/vehicle.ts";
import { writePodNetworks } from "./reflector/pod-networks.ts";

const isQuick = process.argv.includes("--quick");
const CHANGES = isQuick ? 5 : 100;
const OBJECTS = 10_000;
const REST_MS = isQuick ? 10_000 : 75_000;
/** The agent gives memory back 15 s after its start. */
const SETTLE_MS = 25_000;
const RULES = "/apis/pharos.io/v1/routingconfigs/rules";
const AGENT_MB = 80;

type Holdings = Readonly<Record<Daemon, Memory>>;

console.log("bench: start a real API server, operator, bridge and agent");
const machine = await startMachine();
const client = apiClient(await machine.api.credentials("bench", ["system:masters"]));
try {
  await machine.start();
  machine.api.kubectl(["apply", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items: documents() }));
  await until("the first revision", async () => (await committed(client)) > 0);
  await systemClock.sleep(SETTLE_MS);
  console.log(`bench: ${REST_MS / 1000} s in which nothing happens`);
  const writes = await writesAtRest(machine);
  const rest = holdings(machine);
  console.log(`bench: ${CHANGES} changes of one RoutingConfig, each by a PATCH of its own`);
  const single = await convergence(30_001, false);
  console.log(`bench: ${CHANGES} changes that say that they are whole (pharos.io/change)`);
  const tagged = await convergence(40_001, true);
  console.log(`bench: write ${OBJECTS} PodNetworks of other hosts`);
  const grown = await withPods(machine);
  console.log("bench: start the daemons anew with them");
  await machine.stopDaemons();
  await machine.start();
  await systemClock.sleep(SETTLE_MS);
  report({ single, tagged, rest, grown, started: holdings(machine), writes });
} finally {
  client.close();
  await machine.stop();
}

/** Number of the revision that the host runs; 0 when none. */
async function committed(api: ApiClient): Promise<number> {
  const report = (await api.get(`/apis/pharos.io/v1/hostreports/${HOST}`)) as {
    readonly status?: { readonly revision?: { readonly number: number } };
  };
  return report.status?.revision?.number ?? 0;
}

/** Times from the moment before the PATCH is sent to the kernel's word of the new rule, ms. */
async function convergence(firstPort: number, isTagged: boolean): Promise<readonly number[]> {
  const kernel = await watchKernel(machine.node.namespace);
  await systemClock.sleep(1000);
  const samples: number[] = [];
  for (let index = 0; index < CHANGES; index += 1) {
    const before = await committed(client);
    const port = firstPort + index;
    const arrival = kernel.added(port);
    const annotations = { "pharos.io/change": isTagged ? `bench-${port}/1` : null };
    const began = performance.now();
    await client.mergePatch(RULES, { metadata: { annotations }, spec: rulesWith(port) });
    samples.push((await arrival) - began);
    await until("the commit", async () => (await committed(client)) > before);
    // No rhythm that the daemons' own could fall in with.
    await systemClock.sleep((index * 37) % 300);
  }
  await kernel.stop();
  return samples;
}

async function writesAtRest({ folder }: Machine): Promise<readonly ApiWrite[]> {
  const before = writesIn(folder).length;
  await systemClock.sleep(REST_MS);
  return writesIn(folder)
    .slice(before)
    .filter(({ user }) => DAEMONS.some((daemon) => daemon === user));
}

function holdings({ pid }: Machine): Holdings {
  return { operator: memoryOf(pid("operator")), bridge: memoryOf(pid("bridge")), agent: memoryOf(pid("agent")) };
}

async function withPods({ api }: Machine): Promise<Holdings> {
  const store = connectKubernetesStore({
    credentials: await kubeconfigCredentials(api.kubeconfig),
    fieldManager: "bench",
    clock: systemClock,
    log: silentLog,
    random: Math.random,
    newId: () => crypto.randomUUID(),
    deadline: 60_000,
  });
  await writePodNetworks(store, OBJECTS);
  await store.close();
  await systemClock.sleep(SETTLE_MS);
  return holdings(machine);
}

interface Measured {
  readonly single: readonly number[];
  readonly tagged: readonly number[];
  readonly rest: Holdings;
  /** After the objects came one by one. */
  readonly grown: Holdings;
  /** After a start with all objects there. */
  readonly started: Holdings;
  readonly writes: readonly ApiWrite[];
}

function report(measured: Measured): void {
  const results = join(import.meta.dirname, "results");
  mkdirSync(results, { recursive: true });
  if (!isQuick) writeFileSync(join(results, "kubernetes.json"), `${JSON.stringify(measured, undefined, 2)}\n`);
  figure("patch_to_kernel_p50", quantile(measured.single, 0.5), "ms");
  figure("patch_to_kernel_p99", quantile(measured.single, 0.99), "ms");
  figure("whole_change_to_kernel_p50", quantile(measured.tagged, 0.5), "ms");
  figure("whole_change_to_kernel_p99", quantile(measured.tagged, 0.99), "ms");
  for (const [when, holding] of Object.entries({ rest: measured.rest, pods_came: measured.grown, pods_at_start: measured.started })) {
    for (const daemon of DAEMONS) {
      figure(`${daemon}_rss_${when}`, holding[daemon].rss, "MB", daemon === "agent" ? AGENT_MB : undefined);
      figure(`${daemon}_pss_${when}`, holding[daemon].pss, "MB");
    }
  }
  const perHour = (writes: readonly ApiWrite[]) => (writes.length * 3_600_000) / REST_MS;
  figure("lease_writes_per_hour", perHour(measured.writes.filter(({ resource }) => resource === "leases")), "writes");
  figure("other_writes_per_hour", perHour(measured.writes.filter(({ resource }) => resource !== "leases")), "writes", 0);
}

/** `target` is an upper bound; `-`: a figure to watch, without one. */
function figure(name: string, value: number, unit: string, target?: number): void {
  const ok = target === undefined || value <= target;
  console.log(`FIGURE ${name} ${value.toFixed(2)} ${unit} ${target ?? "-"} ${ok ? "ok" : "short"}`);
}

/** By nearest rank. */
function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
