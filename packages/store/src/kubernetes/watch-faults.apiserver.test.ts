import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { silentLog, systemClock } from "@pharos/base";
import type { Bridge } from "@pharos/kinds";
import { type ApiWithKinds, type FaultProxy, startApiWithKinds, startFaultProxy, type WatchFault } from "@pharos/lab/kubernetes";
import { bridge } from "../conformance/fixtures.ts";
import { type Followed, follow } from "../follow.ts";
import { refOf } from "../ref.ts";
import { kubeconfigCredentials } from "./credentials.ts";
import { connectKubernetesStore, type KubernetesStore } from "./kubernetes-store.ts";

let api: ApiWithKinds;
let proxy: FaultProxy;
/** Not through the proxy. */
let writer: KubernetesStore;

beforeAll(async () => {
  api = await startApiWithKinds(process.env);
  proxy = await startFaultProxy(api);
  writer = await connect();
});
afterAll(async () => {
  await writer.close();
  await proxy.stop();
  await api.stop();
});

async function connect(server?: string, { idle = 90_000, deadline = 10_000 } = {}): Promise<KubernetesStore> {
  return connectKubernetesStore({
    credentials: await kubeconfigCredentials(api.kubeconfig, server),
    fieldManager: "pharos-test",
    clock: systemClock,
    log: silentLog,
    random: Math.random,
    newId: () => crypto.randomUUID(),
    deadline,
    idle,
  });
}

/** What a follower saw, and how often it asked. */
interface Following {
  readonly followed: Followed<"Bridge">;
  readonly syncs: readonly number[];
  /** `TYPE name subnet` of each change. */
  readonly events: readonly string[];
  end(): Promise<void>;
}

async function following(server = proxy.url, idle?: number): Promise<Following> {
  const store = await connect(server, { deadline: 2000, ...(idle === undefined ? {} : { idle }) });
  const stop = new AbortController();
  const syncs: number[] = [];
  const events: string[] = [];
  const followed = follow(store, "Bridge", {
    signal: stop.signal,
    clock: systemClock,
    log: silentLog,
    onSync: ({ length }) => syncs.push(length),
    onEvent: ({ type, object }) => events.push(`${type} ${object.metadata.name} ${subnetsOf([object])}`),
  });
  const end = async () => {
    stop.abort();
    await followed.finished;
    await store.close();
  };
  return { followed, syncs, events, end };
}

const subnetsOf = (items: readonly Bridge[]) => items.map(({ spec }) => spec.bridges[0]?.ipam?.ranges?.[0]?.subnet).join(" ");

async function until(holds: () => boolean | Promise<boolean>, within = 20_000): Promise<void> {
  const deadline = performance.now() + within;
  while (!(await holds()) && performance.now() < deadline) await systemClock.sleep(20);
  expect(await holds()).toBe(true);
}

const versions = (items: readonly Bridge[]) => items.map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`);

/** The cache equals a fresh list. */
async function untilEqual({ followed }: Following): Promise<void> {
  await until(async () => {
    const { items } = await writer.list("Bridge");
    return versions(followed.items()).join(" ") === versions(items).join(" ");
  });
  const { items } = await writer.list("Bridge");
  expect(followed.items()).toEqual(items);
}

let serial = 0;
/** Creates one, changes one and deletes one, each time others. */
async function change(): Promise<void> {
  serial += 1;
  const name = `bridge-${serial}`;
  await writer.create(bridge(name));
  await writer.update(bridge(name, `10.${serial % 250}.0.0/24`));
  if (serial > 2) await writer.delete({ kind: "Bridge", name: `bridge-${serial - 2}` });
}

const asked = (since: number) => proxy.requests.slice(since).map(({ watch }) => (watch ? "watch" : "list"));
const watching = () => until(() => proxy.watches() === 1);

describe("following through a connection with faults", () => {
  let f: Following;

  beforeEach(async () => {
    proxy.intercept(() => undefined);
    const { items } = await writer.list("Bridge");
    for (const object of items) await writer.delete(refOf(object));
    serial = 0;
  });
  afterEach(() => f.end());

  test.each<WatchFault>(["reset", "cut", "garble"])("%s: goes on from the last whole event, without listing", async (fault) => {
    f = await following();
    await watching();
    await change();
    await untilEqual(f);
    const since = proxy.requests.length;
    for (let round = 0; round < 3; round += 1) {
      await watching();
      proxy.breakWatches(fault);
      await change();
      await untilEqual(f);
    }
    expect(f.syncs).toHaveLength(1);
    // Each change is told once: 4 creations, 4 changes, 2 deletions.
    expect(f.events).toHaveLength(10);
    expect(new Set(f.events).size).toBe(10);
    expect(asked(since).filter((kind) => kind === "watch")).toHaveLength(3);
    expect(asked(since).length).toBeLessThanOrEqual(6);
  });

  test("half-open: silence for longer than bookmarks take means to connect again", async () => {
    f = await following(proxy.url, 1500);
    await watching();
    proxy.breakWatches("silence");
    const since = proxy.requests.length;
    const began = performance.now();
    await change();
    await untilEqual(f);
    expect(performance.now() - began).toBeGreaterThan(1000);
    expect(f.syncs).toHaveLength(1);
    expect(asked(since).length).toBeLessThanOrEqual(4);
  });

  test("a server that takes connections and never answers: waits its deadline, then goes on", async () => {
    f = await following();
    await watching();
    proxy.intercept(() => ({ kind: "never" }));
    proxy.breakWatches("reset");
    const since = proxy.requests.length;
    await change();
    await systemClock.sleep(3000);
    expect(proxy.requests.length - since).toBeLessThanOrEqual(3);
    proxy.intercept(() => undefined);
    await untilEqual(f);
    expect(f.syncs).toHaveLength(1);
  });

  test("429 with Retry-After: comes again when it was told to, not sooner", async () => {
    f = await following();
    await watching();
    const body = JSON.stringify({ kind: "Status", status: "Failure", reason: "TooManyRequests", code: 429 });
    proxy.intercept(() => ({ kind: "status", status: 429, headers: { "retry-after": "1" }, body }));
    proxy.breakWatches("reset");
    const since = proxy.requests.length;
    await change();
    await systemClock.sleep(3000);
    expect(proxy.requests.length - since).toBeGreaterThan(0);
    expect(proxy.requests.length - since).toBeLessThanOrEqual(4);
    proxy.intercept(() => undefined);
    await untilEqual(f);
    expect(f.syncs).toHaveLength(1);
  });

  test("500 for 3 s: pauses grow", async () => {
    f = await following();
    await watching();
    proxy.intercept(() => ({ kind: "status", status: 500, body: "etcdserver: leader changed" }));
    proxy.breakWatches("reset");
    const since = proxy.requests.length;
    await change();
    await systemClock.sleep(3000);
    expect(proxy.requests.length - since).toBeGreaterThan(1);
    expect(proxy.requests.length - since).toBeLessThanOrEqual(8);
    proxy.intercept(() => undefined);
    await untilEqual(f);
    expect(f.syncs).toHaveLength(1);
  });

  test("410 as a status: lists again", async () => {
    f = await following();
    await watching();
    const body = JSON.stringify({ kind: "Status", status: "Failure", reason: "Expired", code: 410 });
    let times = 0;
    proxy.intercept(({ watch }) => (watch && times++ < 3 ? { kind: "status", status: 410, body } : undefined));
    proxy.breakWatches("reset");
    const since = proxy.requests.length;
    await change();
    await untilEqual(f);
    await until(() => times >= 4);
    expect(f.syncs.length).toBe(4);
    expect(asked(since).length).toBeLessThanOrEqual(12);
  });
});

describe("following a server that restarts", () => {
  test("a clean restart loses nothing; what was written by others meanwhile is told", async () => {
    const f = await following(api.url);
    try {
      await change();
      await untilEqual(f);
      await api.stopServer();
      await systemClock.sleep(500);
      await api.startServer();
      await until(() =>
        change().then(
          () => true,
          () => false,
        ),
      );
      await untilEqual(f);
      expect(f.followed.misses()).toBe(0);
    } finally {
      await f.end();
    }
  });

  test("a real 410: what was missed is older than the restarted server's memory", async () => {
    const f = await following();
    try {
      await watching();
      await change();
      await untilEqual(f);
      proxy.breakWatches("silence");
      await change();
      await change();
      await api.stopServer();
      await api.startServer();
      await until(() =>
        change().then(
          () => true,
          () => false,
        ),
      );
      proxy.breakWatches("reset");
      await untilEqual(f);
      expect(f.syncs.length).toBeGreaterThan(1);
    } finally {
      await f.end();
    }
  });

  test("a paused server that goes on", async () => {
    const f = await following(api.url, 1500);
    try {
      await change();
      await untilEqual(f);
      api.pause();
      await systemClock.sleep(4000);
      expect(f.followed.items()).not.toEqual([]);
      api.resume();
      await change();
      await untilEqual(f);
    } finally {
      api.resume();
      await f.end();
    }
  });
});
