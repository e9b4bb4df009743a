import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
import { silentLog, systemClock } from "@pharos/base";
import type { PodNetwork } from "@pharos/kinds";
import { openEmbeddedStore } from "./embedded/index.ts";
import { follow } from "./follow.ts";
import { podReader } from "./pod-reader.ts";
import type { Store } from "./store.ts";

const folder = mkdtempSync(join(tmpdir(), "pharos-pod-reader-"));
let store: Store;
const stop = new AbortController();
afterEach(async () => {
  stop.abort();
  await store.close();
  rmSync(folder, { recursive: true });
});

function pod(name: string, phase: "Attached" | "Failed" = "Attached"): PodNetwork {
  const spec = { host: "soc1", bridge: "b", pod: { namespace: "default", name }, containerID: name, ifname: "eth0" };
  return { apiVersion: "pharos.io/v1", kind: "PodNetwork", metadata: { name, namespace: "default", labels: { phase } }, spec };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await systemClock.sleep(5);
}

test("a follower sees trimmed pods only, and one goes that is nothing any more", async () => {
  const admit = (value: unknown) => ({ value: value as object, findings: [] });
  store = openEmbeddedStore({ path: join(folder, "store.sqlite"), admit, clock: systemClock, newId: randomUUID, log: silentLog });
  await store.create<"PodNetwork">(pod("a"));
  await store.create<"PodNetwork">(pod("b", "Failed"));
  const trim = (object: PodNetwork) =>
    object.metadata.labels?.phase === "Failed" ? undefined : { ...object, spec: { host: object.spec.host ?? "" } };
  const reader = podReader(store, trim);
  const told: string[] = [];
  const onEvent = ({ type, object }: { readonly type: string; readonly object: PodNetwork }) =>
    void told.push(`${type} ${object.metadata.name}`);
  const pods = follow(reader, "PodNetwork", { signal: stop.signal, clock: systemClock, log: silentLog, onEvent });
  await until(() => pods.synced());
  expect(pods.items().map(({ metadata, spec }) => [metadata.name, spec])).toEqual([["a", { host: "soc1" }]]);
  await store.create<"PodNetwork">(pod("c", "Failed"));
  await store.create<"PodNetwork">(pod("d"));
  await until(() => told.length > 0);
  await store.update<"PodNetwork">(pod("a", "Failed"));
  await store.delete({ kind: "PodNetwork", name: "c", namespace: "default" });
  await store.delete({ kind: "PodNetwork", name: "d", namespace: "default" });
  await until(() => told.includes("DELETED d"));
  expect(told).toEqual(["ADDED d", "DELETED a", "DELETED d"]);
  expect(pods.items()).toEqual([]);
  expect((await reader.get({ kind: "PodNetwork", name: "a", namespace: "default" }))?.spec.containerID).toBe("a");
});
