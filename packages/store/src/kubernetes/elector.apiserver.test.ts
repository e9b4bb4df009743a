import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { silentLog, systemClock } from "@pharos/base";
import { type ApiWithKinds, startApiWithKinds } from "@pharos/lab/kubernetes";
import { connectKubernetesStore, kubeconfigCredentials, kubernetesLease, type LeaseRecord } from "./index.ts";

/** A third of the times of the real thing. */
const TIMES = { lease: 5000, renewDeadline: 3300, retry: 700 };

/** Stands for election; while it holds the lease it writes the machine's monotonic time (ms) into a file, beside the number of its term. */
const CANDIDATE = `
import { appendFileSync } from "node:fs";
import { uptime } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { silentLog, systemClock } from "@pharos/base";
import { connectKubernetesStore, kubeconfigCredentials, kubernetesLease, leaseElector } from "@pharos/store/kubernetes";
const [kubeconfig, identity, file, name, times, skew] = process.argv.slice(1);
const clock = { ...systemClock, now: () => Date.now() + Number(skew) };
const store = connectKubernetesStore({
  credentials: await kubeconfigCredentials(kubeconfig), fieldManager: "test", clock, log: silentLog,
  random: Math.random, newId: () => crypto.randomUUID(),
});
const lease = kubernetesLease(store.transport, { namespace: "default", name });
const elector = leaseElector({ lease, identity, clock, bootTime: () => uptime() * 1000, log: silentLog, times: JSON.parse(times) });
const ended = new AbortController();
process.on("SIGTERM", () => ended.abort());
let term = 0;
await elector.run(async ({ signal, holds }) => {
  term += 1;
  while (!signal.aborted) {
    const now = Number(process.hrtime.bigint() / 1_000_000n);
    if (holds()) appendFileSync(file, term + " " + now + "\\n");
    await delay(5);
  }
}, ended.signal);
process.exit(0);
`;

let api: ApiWithKinds;
const children: ChildProcess[] = [];
let elections = 0;

beforeAll(async () => {
  api = await startApiWithKinds(process.env);
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});
afterAll(() => api.stop());

interface Candidate {
  readonly child: ChildProcess;
  /** From the first to the last moment that it held the lease, for each of its terms; ms of `monotonic`. */
  terms(): readonly { readonly from: number; readonly to: number }[];
  leadsNow(): boolean;
}

function monotonic(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}

/** Begins an election of its own, for which candidates stand by the function that it returns. */
function election(): { readonly name: string; readonly candidate: (identity: string, skew?: number) => Candidate } {
  elections += 1;
  const name = `election-${elections}`;
  const candidate = (identity: string, skew = 0) => {
    const file = join(api.folder, `${name}-${identity}`);
    const args = [api.kubeconfig, identity, file, name, JSON.stringify(TIMES), String(skew)];
    const child = spawn(process.execPath, ["--input-type=module", "-e", CANDIDATE, ...args], {
      cwd: import.meta.dirname,
      stdio: ["ignore", "ignore", "inherit"],
    });
    children.push(child);
    const terms = () => termsOf(file);
    return { child, terms, leadsNow: () => monotonic() - (terms().at(-1)?.to ?? 0) < 100 };
  };
  return { name, candidate };
}

function termsOf(file: string): readonly { readonly from: number; readonly to: number }[] {
  const lines = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
  const byTerm = Map.groupBy(
    lines.map((line) => line.split(" ").map(Number)),
    ([term]) => term,
  );
  return [...byTerm.values()].map((moments) => {
    const times = moments.map(([, time = 0]) => time);
    return { from: Math.min(...times), to: Math.max(...times) };
  });
}

/** Waits for it; gives the ms that it took. */
async function until(what: string, holds: () => boolean, within: number): Promise<number> {
  const began = monotonic();
  while (!holds()) {
    if (monotonic() - began > within) throw new Error(`not within ${within} ms: ${what}`);
    await delay(20);
  }
  return monotonic() - began;
}

function expectNoOverlap(a: Candidate, b: Candidate): void {
  for (const one of a.terms()) for (const other of b.terms()) expect(one.to < other.from || other.to < one.from).toBe(true);
}

async function read(name: string): Promise<LeaseRecord | undefined> {
  const credentials = await kubeconfigCredentials(api.kubeconfig);
  const common = { clock: systemClock, log: silentLog, random: Math.random, newId: () => crypto.randomUUID() };
  const store = connectKubernetesStore({ credentials, fieldManager: "test", ...common });
  try {
    return await kubernetesLease(store.transport, { namespace: "default", name }).read();
  } finally {
    await store.close();
  }
}

describe("two candidates on a real API server", () => {
  test("a leader stopped for longer than its lease acts no more when it goes on; another, its clock a day off, took over", async () => {
    const { name, candidate } = election();
    const a = candidate("a");
    await until("a leads", a.leadsNow, 10_000);
    const b = candidate("b", 24 * 60 * 60 * 1000);
    await delay(2000);
    expect(b.terms()).toEqual([]);
    a.child.kill("SIGSTOP");
    expect(await until("b leads", b.leadsNow, TIMES.lease + 3 * TIMES.retry)).toBeGreaterThan(TIMES.lease - TIMES.retry - 200);
    await delay(1000);
    a.child.kill("SIGCONT");
    await delay(1500);
    expect(a.terms()).toHaveLength(1);
    expectNoOverlap(a, b);
    expect(await read(name)).toMatchObject({ holder: "b", transitions: 1 });
  });

  test("an orderly end hands over within 3 s", async () => {
    const { name, candidate } = election();
    const a = candidate("a");
    await until("a leads", a.leadsNow, 10_000);
    const b = candidate("b");
    await delay(1500);
    const ended = once(a.child, "exit");
    a.child.kill("SIGTERM");
    expect(await until("b leads", b.leadsNow, 5000)).toBeLessThan(3000);
    expect(await ended).toEqual([0, null]);
    expectNoOverlap(a, b);
    expect(await read(name)).toMatchObject({ holder: "b", transitions: 1 });
  });

  test("a leader steps down before its deadline while the API server is away, and one leads when it is back", async () => {
    const { candidate } = election();
    const a = candidate("a");
    await until("a leads", a.leadsNow, 10_000);
    const b = candidate("b");
    await delay(1000);
    const stopped = monotonic();
    await api.stopServer();
    await until("a steps down", () => !a.leadsNow(), TIMES.renewDeadline + 1000);
    expect((a.terms().at(-1)?.to ?? 0) - stopped).toBeLessThan(TIMES.renewDeadline);
    await delay(TIMES.lease - (monotonic() - stopped) + 1000);
    expect([a.leadsNow(), b.leadsNow()]).toEqual([false, false]);
    await api.startServer();
    await until("one leads", () => a.leadsNow() || b.leadsNow(), 10_000);
    await delay(2000);
    expectNoOverlap(a, b);
  });
});
