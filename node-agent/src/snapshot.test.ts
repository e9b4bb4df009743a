import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { silentLog } from "@pharos/base";
import type { PodNetwork } from "@pharos/kinds";
import { type HashedRevision, NO_LIVE, SnapshotFolder } from "./snapshot.ts";

const documents = { nodes: [], bridges: [], routingConfigs: [], securityConfigs: [], serviceDeployments: [] };
const revision: HashedRevision = { epoch: "e", number: 7, hash: "h", content: { documents, allocations: [], leases: [] } };

describe("SnapshotFolder", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "pharos-snapshot-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test("is empty on the first boot", async () => {
    expect(await new SnapshotFolder(join(folder, "new"), silentLog).read()).toEqual({ live: NO_LIVE, rejected: [] });
  });

  test("gives back what was written", async () => {
    const snapshots = new SnapshotFolder(folder, silentLog);
    await snapshots.writeLastGood(revision);
    await snapshots.writeRejected([{ epoch: "e", number: 8, hash: "x", reason: "no nftables" }]);
    expect(await snapshots.read()).toEqual({
      lastGood: revision,
      live: NO_LIVE,
      rejected: [{ epoch: "e", number: 8, hash: "x", reason: "no nftables" }],
    });
  });

  test("keeps pods beside the rest of live data, and reads them where an earlier version kept them", async () => {
    const pod: PodNetwork = { apiVersion: "pharos.io/v1", kind: "PodNetwork", metadata: { name: "p", namespace: "default" }, spec: {} };
    await writeFile(join(folder, "live.json"), JSON.stringify({ version: 1, value: { ...NO_LIVE, podNetworks: [pod] } }));
    const snapshots = new SnapshotFolder(folder, silentLog);
    expect((await snapshots.read()).live.podNetworks).toEqual([pod]);
    await snapshots.writePods([]);
    await snapshots.writeLive(NO_LIVE);
    expect((await new SnapshotFolder(folder, silentLog).read()).live).toEqual(NO_LIVE);
  });

  test("sets a damaged file aside and still reads the others", async () => {
    const snapshots = new SnapshotFolder(folder, silentLog);
    await snapshots.writeLastGood(revision);
    await writeFile(join(folder, "live.json"), '{"version":1,"value":{"podNet');
    expect((await snapshots.read()).lastGood).toEqual(revision);
    expect(await readdir(folder)).toContain("live.json.unreadable");
  });

  test("leaves the old content when a write was cut before its rename", async () => {
    const snapshots = new SnapshotFolder(folder, silentLog);
    await snapshots.writeLastGood(revision);
    await writeFile(join(folder, "last-good.json.tmp"), '{"version":1,"val');
    expect((await snapshots.read()).lastGood).toEqual(revision);
  });

  test("says so when the disk cannot be written", async () => {
    await writeFile(join(folder, "file"), "");
    await expect(new SnapshotFolder(join(folder, "file"), silentLog).writeLastGood(revision)).rejects.toMatchObject({
      code: "PHAROS-4002",
    });
  });
});
