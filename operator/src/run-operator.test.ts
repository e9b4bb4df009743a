import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { PharosError, silentLog, systemClock } from "@pharos/base";
import { admitObject } from "@pharos/documents";
import type { Bridge, Condition, HostReport, Node, NodeSoc } from "@pharos/kinds";
import { type DecodedRevision, decodeRevision, type Home, type HomeEvent, STORE_KIND_MISSING, type Store } from "@pharos/store";
import { embeddedHome, openEmbeddedStore } from "@pharos/store/embedded";
import { runOperator } from "./run-operator.ts";

let folder: string;
let store: Store;
let stop: AbortController;
let running: Promise<void>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pharos-operator-"));
  store = open("store.sqlite");
});

afterEach(async () => {
  await halt();
  await store.close();
  rmSync(folder, { recursive: true });
});

function open(name: string): Store {
  return openEmbeddedStore({
    path: join(folder, name),
    admit: admitObject,
    clock: systemClock,
    newId: () => crypto.randomUUID(),
    log: silentLog,
  });
}

function start(adoptionWait = 0, home: Home = embeddedHome(store, silentLog)): void {
  stop = new AbortController();
  running = runOperator({ home, clock: systemClock, log: silentLog, signal: stop.signal, adoptionWait });
}

/** A store without the definition of SecurityConfig, which tells Nodes late. */
function withoutSecurity(inner: Store): Store {
  const list: Store["list"] = async (kind) => {
    if (kind === "SecurityConfig") throw new PharosError(STORE_KIND_MISSING, "no SecurityConfig");
    if (kind === "Node") await systemClock.sleep(600);
    return inner.list(kind);
  };
  return new Proxy(inner, {
    get: (target, name) => {
      const value: unknown = name === "list" ? list : Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

async function halt(): Promise<void> {
  stop.abort();
  await running;
}

const NODE: Node = {
  apiVersion: "pharos.io/v1",
  kind: "Node",
  metadata: { name: "car" },
  spec: { name: "car", defaultAction: "DROP", enforcement: "enforce", socs: [soc("soc1", "10.1.0.2/24"), soc("soc2", "10.1.0.3/24")] },
};

function soc(name: string, address: string): NodeSoc {
  const eth0 = { name: "eth0", type: "static", address, uplink: false, managed: true, takeover: false } as const;
  return { name, managed: true, interfaces: [eth0] };
}

function bridge(name: string, subnet: string): Bridge {
  const ipam = { type: "host-local", ranges: [{ subnet }] } as const;
  const entry = { name, type: "bridge", bridgeFor: "pod", ipMasq: false, isGateway: true, default: false, ipam } as const;
  return { apiVersion: "pharos.io/v1", kind: "Bridge", metadata: { name: name.toLowerCase() }, spec: { bridges: [entry] } };
}

function apply(...documents: readonly (Node | Bridge)[]) {
  return store.applySet({ apply: documents, delete: [], door: "test" });
}

async function revisions(): Promise<readonly DecodedRevision[]> {
  const { items } = await store.list("ConfigRevision");
  return items.map(decodeRevision).sort((a, b) => a.number - b.number);
}

/** What `read` tells as soon as it is defined; fails after 8 s. */
async function eventually<T>(read: () => Promise<T | undefined>): Promise<T> {
  const end = systemClock.monotonic() + 8000;
  for (;;) {
    const value = await read();
    if (value !== undefined) return value;
    if (systemClock.monotonic() > end) throw new Error("it did not come about within 8 s");
    await systemClock.sleep(20);
  }
}

const revision = (number: number) => eventually(async () => (await revisions()).find((each) => each.number === number));

/** `Type=Status Reason` of each condition once `type` has the reason. */
async function conditions(name: string, reason: string): Promise<readonly string[]> {
  const read = async (): Promise<readonly Condition[]> => (await store.get({ kind: "Bridge", name }))?.status?.conditions ?? [];
  const found = await eventually(async () => ((await read()).some((each) => each.reason === reason) ? await read() : undefined));
  return found.map((each) => `${each.type}=${each.status} ${each.reason}`);
}

describe("the operator over a real store", () => {
  test("freezes one revision from a change set, at once, and says so in conditions and allocations", async () => {
    start();
    const began = systemClock.monotonic();
    await apply(NODE, bridge("podBr0", "10.2.1.0/24"));
    const made = await revision(1);
    expect(systemClock.monotonic() - began).toBeLessThan(500);
    expect(made.epoch).toBe(await store.epoch());
    expect(made.content.allocations.map(({ bridge: name, host }) => `${name} ${host}`)).toEqual(["podBr0 soc1", "podBr0 soc2"]);
    expect(await conditions("podbr0", "InRevision")).toEqual(["Accepted=True Valid", "Frozen=True InRevision", "InSync=False Pending"]);
    expect((await store.get({ kind: "Bridge", name: "podbr0" }))?.status?.allocations).toEqual(made.content.allocations);
    expect(await revisions()).toHaveLength(1);
  });

  test("joins documents that come one by one", async () => {
    start();
    await store.create(NODE);
    for (const index of [1, 2, 3]) await store.create(bridge(`podBr${index}`, `10.2.${index}.0/24`));
    expect((await revision(1)).content.documents.bridges).toHaveLength(3);
    await systemClock.sleep(800);
    expect(await revisions()).toHaveLength(1);
  });

  test("keeps the last valid version of a document that contradicts another", async () => {
    start();
    await apply(NODE, bridge("podBr0", "10.2.1.0/24"), bridge("podBr1", "10.2.2.0/24"));
    await revision(1);
    await apply(bridge("podBr1", "10.2.1.0/25"));
    expect(await conditions("podbr1", "LastValidVersion")).toContain("Accepted=False Invalid");
    await apply(bridge("podBr2", "10.2.3.0/24"));
    const { content } = await revision(2);
    const subnets = content.documents.bridges.map(({ spec }) => spec.bridges[0]?.ipam?.ranges?.[0]?.subnet);
    expect(subnets).toEqual(["10.2.1.0/24", "10.2.2.0/24", "10.2.3.0/24"]);
  });

  test("takes a document that was left out as soon as it is mended", async () => {
    start();
    await apply(NODE);
    await revision(1);
    await store.create(bridge("podBr0", "10.1.0.0/16"));
    expect(await conditions("podbr0", "LeftOut")).toContain("Accepted=False Invalid");
    await store.update(bridge("podBr0", "10.2.0.0/16"));
    expect((await revision(2)).content.documents.bridges).toHaveLength(1);
  });

  test("tells the vehicle of a kind that is missing though the Node is listed later", async () => {
    await apply(NODE);
    const told: HomeEvent[] = [];
    const home = embeddedHome(withoutSecurity(store), silentLog);
    start(0, { ...home, events: { record: (event) => void told.push(event) } });
    await eventually(async () => told.find(({ reason, regarding }) => reason === "KindMissing" && regarding.name === "car"));
  });

  test("tells when all hosts run the revision", async () => {
    start();
    await apply(NODE, bridge("podBr0", "10.2.1.0/24"));
    const { epoch, number, hash } = await revision(1);
    for (const host of ["soc1", "soc2"]) {
      await store.create<"HostReport">({ apiVersion: "pharos.io/v1", kind: "HostReport", metadata: { name: host }, spec: { host } });
      await store.patchStatus({ kind: "HostReport", name: host }, { state: "Committed", revision: { epoch, number, hash } });
    }
    expect(await conditions("podbr0", "AllHosts")).toContain("InSync=True AllHosts");
  });

  test("makes no revision of what was frozen by an operator before it", async () => {
    start();
    await apply(NODE, bridge("podBr0", "10.2.1.0/24"));
    await conditions("podbr0", "InRevision");
    await halt();
    start();
    await apply(bridge("podBr1", "10.2.2.0/24"));
    await revision(2);
    expect((await revisions()).map(({ number }) => number)).toEqual([1, 2]);
  });

  test("takes up what changed while no operator ran", async () => {
    await apply(NODE, bridge("podBr0", "10.2.1.0/24"));
    start();
    expect((await revision(1)).content.documents.bridges).toHaveLength(1);
  });

  test("a new store adopts blocks and number from the hosts before it gives out blocks", async () => {
    start(5000);
    await apply(NODE, bridge("podBr0", "10.2.1.0/24"));
    expect(await conditions("podbr0", "WaitingForHosts")).toContain("Frozen=Unknown WaitingForHosts");
    const blocks = (block: string): HostReport["status"] => ({
      state: "Committed",
      revision: { epoch: "another", number: 41, hash: "h" },
      blocks: [{ bridge: "podBr0", subnet: "10.2.1.0/24", block, used: 1 }],
    });
    for (const [host, block] of [
      ["soc1", "10.2.1.128/25"],
      ["soc2", "10.2.1.0/25"],
    ] as const) {
      await store.create<"HostReport">({ apiVersion: "pharos.io/v1", kind: "HostReport", metadata: { name: host }, spec: { host } });
      await store.patchStatus({ kind: "HostReport", name: host }, blocks(block) ?? { state: "Starting" });
    }
    const made = await revision(42);
    expect(made.content.allocations.map(({ host, block }) => `${host} ${block}`)).toEqual(["soc1 10.2.1.128/25", "soc2 10.2.1.0/25"]);
  });

  test("a new store goes on without silent hosts when the time is over", async () => {
    start(300);
    await apply(NODE, bridge("podBr0", "10.2.1.0/24"));
    expect((await revision(1)).content.allocations).toHaveLength(2);
  });
});
