import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { silentLog, systemClock } from "@pharos/base";
import { admitObject } from "@pharos/documents";
import { type RunningBridge, startBridge } from "@pharos/grpc-bridge";
import type { Bridge, HostReport } from "@pharos/kinds";
import { runOperator } from "@pharos/operator";
import { type ApplyConfigurationResponse, PharosServiceClient, type RollbackConfigurationResponse } from "@pharos/rpc";
import { type DecodedRevision, decodeRevision, follow, type Store } from "@pharos/store";
import { embeddedHome, openEmbeddedStore } from "@pharos/store/embedded";

const VEHICLE = `
apiVersion: v1
kind: node
metadata: { name: car }
spec:
  name: car
  socs: [{ name: soc1, interfaces: [{ name: eth0, type: static, address: 10.1.0.2/24 }] }]
`;
const bridgeOf = (subnet: string) => `
---
apiVersion: v1
kind: bridge
metadata: { name: pods }
spec:
  bridges:
    - { name: podBr0, type: bridge, bridgeFor: pod, isGateway: true, ipam: { type: host-local, ranges: [{ subnet: ${subnet} }] } }
`;

let folder: string;
let store: Store;
let stop: AbortController;
let bridge: RunningBridge;
let client: PharosServiceClient;
let operator: Promise<void>;
/** The host goes back from revisions whose bridge has this subnet. */
let disliked: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "pharos-rollback-"));
  store = openEmbeddedStore({
    path: join(folder, "store.sqlite"),
    admit: admitObject,
    clock: systemClock,
    newId: () => crypto.randomUUID(),
    log: silentLog,
  });
  stop = new AbortController();
  disliked = "";
  const shared = { clock: systemClock, log: silentLog, signal: stop.signal };
  operator = runOperator({ ...shared, home: embeddedHome(store, silentLog), adoptionWait: 0 });
  follow(store, "ConfigRevision", {
    ...shared,
    onEvent: ({ type, object }) => void (type === "ADDED" && hostRuns(decodeRevision(object))),
  });
  bridge = await startBridge({ ...shared, store, listen: [{ address: "127.0.0.1:0" }], stateDir: folder, timing: { commitMs: 5000 } });
  client = new PharosServiceClient(bridge.addresses[0] ?? "", credentials.createInsecure());
});

afterEach(async () => {
  client.close();
  stop.abort();
  await Promise.all([operator, bridge.finished]);
  await store.close();
  rmSync(folder, { recursive: true });
});

/** What the agent of soc1 reports of a new revision. */
async function hostRuns({ epoch, number, hash, content }: DecodedRevision): Promise<void> {
  const ref = { kind: "HostReport", name: "soc1" } as const;
  const host: HostReport = { apiVersion: "pharos.io/v1", kind: "HostReport", metadata: { name: "soc1" }, spec: { host: "soc1" } };
  const before = (await store.get(ref))?.status ?? (await store.create<"HostReport">(host)).status;
  const rejects = JSON.stringify(content).includes(`"${disliked}"`);
  const rejected = [...(before?.rejected ?? []), ...(rejects ? [{ epoch, number, reason: "the probe failed" }] : [])];
  const revision = rejects ? before?.revision : { epoch, number, hash };
  await store.patchStatus(ref, { state: rejects ? "RolledBack" : "Committed", rejected, ...(revision === undefined ? {} : { revision }) });
}

function apply(subnet: string): Promise<ApplyConfigurationResponse> {
  const configYaml = `${VEHICLE}${bridgeOf(subnet)}`;
  return new Promise((resolve, reject) =>
    client.applyConfiguration({ configYaml, validateOnly: false }, (error, answer) => (error === null ? resolve(answer) : reject(error))),
  );
}

function rollBack(targetVersion = ""): Promise<RollbackConfigurationResponse> {
  return new Promise((resolve, reject) =>
    client.rollbackConfiguration({ targetVersion }, (error, answer) => (error === null ? resolve(answer) : reject(error))),
  );
}

/** Numbers and subnets of all revisions. */
async function history(): Promise<readonly string[]> {
  const revisions = (await store.list("ConfigRevision")).items.map(decodeRevision).sort((a, b) => a.number - b.number);
  return revisions.map(({ number, content }) => `${number} ${subnet(content.documents.bridges[0])}`);
}

const subnet = (document: Bridge | undefined) => document?.spec.bridges[0]?.ipam?.ranges?.[0]?.subnet ?? "";

/** The Frozen condition's reason of the Bridge document. */
async function frozen(): Promise<string | undefined> {
  const status = (await store.get({ kind: "Bridge", name: "pods" }))?.status;
  return status?.conditions?.find(({ type }) => type === "Frozen")?.reason;
}

describe("RollbackConfiguration", () => {
  test("runs the former documents again, and leaves those in the store", async () => {
    await apply("10.2.1.0/24");
    await apply("10.3.0.0/16");
    const epoch = await store.epoch();
    expect(await rollBack()).toMatchObject({ success: true, currentVersion: `${epoch}/3` });
    expect(await history()).toEqual(["1 10.2.1.0/24", "2 10.3.0.0/16", "3 10.2.1.0/24"]);
    expect(subnet(await store.get({ kind: "Bridge", name: "pods" }))).toBe("10.3.0.0/16");
    expect(await frozen()).toBe("OutOfSync");
  });

  test("a door that applies the same again is told so at once, another configuration ends the rollback", async () => {
    await apply("10.2.1.0/24");
    await apply("10.3.0.0/16");
    await rollBack();
    const again = await apply("10.3.0.0/16");
    expect(again).toMatchObject({ success: false, message: expect.stringContaining("rolled back to revision 1") });
    expect(await apply("10.4.0.0/16")).toMatchObject({ success: true });
    expect((await history()).at(-1)).toBe("4 10.4.0.0/16");
    expect(await frozen()).toBe("InRevision");
  });

  test("goes to the version that is named, and refuses one that is not kept", async () => {
    for (const third of [1, 2, 3]) await apply(`10.${third}0.0.0/16`);
    expect(await rollBack("1")).toMatchObject({ success: true });
    expect((await history()).at(-1)).toBe("4 10.10.0.0/16");
    expect(await rollBack("77")).toEqual({ success: false, message: "revision 77 is not kept; there are 1, 2, 3, 4", currentVersion: "" });
  });

  test("from which a host goes back has failed, and what ran before is asked for again", async () => {
    await apply("10.2.1.0/24");
    await apply("10.3.0.0/16");
    disliked = "10.2.1.0/24";
    const answer = await rollBack();
    expect(answer).toMatchObject({ success: false, message: expect.stringContaining("the probe failed; revision 2 is asked for again") });
    const end = systemClock.monotonic() + 5000;
    while ((await history()).length < 4 && systemClock.monotonic() < end) await systemClock.sleep(50);
    expect((await history()).slice(2)).toEqual(["3 10.2.1.0/24", "4 10.3.0.0/16"]);
  });
});
