import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { silentLog } from "@pharos/base";
import type { PodNetwork } from "@pharos/kinds";
import type { LedgerEntry } from "@pharos/ledger";
import { netnsState } from "./netns-state.ts";
import { RequestDesk } from "./request-desk.ts";
import type { PluginCall } from "./run-plugin.ts";
import type { RunningContainer } from "./runtime.ts";

const request = (podName: string, bridge?: string): PodNetwork => ({
  apiVersion: "pharos.io/v1",
  kind: "PodNetwork",
  metadata: { name: "request-1", namespace: "default" },
  spec: { ...(bridge === undefined ? {} : { bridge }), request: { id: "1", podName, requestedAt: "2026-01-01T00:00:00Z" } },
});

describe("RequestDesk", () => {
  let folder: string;
  let calls: PluginCall[];
  let ledger: LedgerEntry[];
  let containers: readonly RunningContainer[];
  let refusal: Error | undefined;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "pharos-desk-"));
    [calls, ledger, containers, refusal] = [[], [], [], undefined];
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** An attachment of a pod whose network namespace is there. */
  function attached(containerID: string, more: Partial<LedgerEntry> = {}): LedgerEntry {
    const netns = join(folder, containerID);
    writeFileSync(netns, "");
    const key = { network: "pharos", containerID, ifname: "eth0" };
    const addresses = ["10.2.0.2/24"];
    const entry = { key, bridge: "podBr0", addresses, hostName: `pv${containerID}`, mac: "02:00:00:00:00:01", bootId: "b", netns };
    return { ...entry, pod: { namespace: "default", name: "web" }, ...more };
  }

  function desk(whenAttached: "add" | "replace" = "add"): RequestDesk {
    const run = async (call: PluginCall) => {
      calls.push(call);
      if (refusal !== undefined) throw refusal;
      const interfaces = [{ name: "br" }, { name: "eth0", sandbox: "x" }, { name: "net1", sandbox: "x" }];
      const ips = [
        { address: "10.3.0.9/24", interface: 2 },
        { address: "10.2.0.2/24", interface: 1 },
      ];
      return { interfaces, ips };
    };
    const plugin = { run, settings: { binary: "/none", dataFile: "/none", stateDir: "/none" } };
    const runtime = { list: async () => containers, watch: () => {} };
    return new RequestDesk({
      host: "soc1",
      runtime,
      plugin,
      ledger: () => ledger,
      netns: (path) => netnsState(path, false),
      whenAttached,
      log: silentLog,
    });
  }

  const answer = async (one: RequestDesk, wanted: PodNetwork) => {
    const [first] = await one.answer([wanted]);
    return first === undefined ? "pending" : `${first.status.phase} ${first.status.addresses?.join(" ")}: ${first.status.message}`;
  };
  const called = () => calls.map(({ verb, ifname, primary }) => `${verb} ${ifname}${primary === undefined ? "" : ` with ${primary}`}`);

  test("leaves the request of a pod that does not run pending", async () => {
    ledger = [attached("a", { pod: { namespace: "other", name: "web" } }), attached("b", { netns: join(folder, "gone") })];
    expect(await answer(desk(), request("web", "podBr0"))).toBe("pending");
    expect(calls).toEqual([]);
  });

  test("answers with what the pod has already on that bridge, or on any where none is named", async () => {
    ledger = [attached("a")];
    const one = desk();
    expect(await answer(one, request("web", "podBr0"))).toBe("Attached 10.2.0.2/24: default/web: 10.2.0.2/24");
    expect(await answer(one, request("default/web"))).toBe("Attached 10.2.0.2/24: default/web: 10.2.0.2/24");
    expect(calls).toEqual([]);
    expect(ledger.map(({ key }) => one.requestOf(key))).toEqual(["1"]);
  });

  test("gives a running pod an interface more, which goes with the first one", async () => {
    ledger = [attached("a")];
    expect(await answer(desk(), request("web", "podBr1"))).toBe("Attached 10.3.0.9/24: default/web: 10.3.0.9/24");
    expect(called()).toEqual(["ADD net1 with eth0"]);
    expect(calls[0]).toMatchObject({ netns: join(folder, "a"), annotations: { "pharos.io/bridge": "podBr1" } });
    ledger = [
      attached("a"),
      attached("a", { key: { network: "pharos", containerID: "a", ifname: "net1" }, bridge: "br9", primary: "eth0" }),
    ];
    await answer(desk(), request("web", "podBr1"));
    expect(called().at(-1)).toBe("ADD net2 with eth0");
  });

  test("gives it another interface in that one's place where the runtime allows it", async () => {
    ledger = [attached("a")];
    await answer(desk("replace"), request("web", "podBr1"));
    expect(called()).toEqual(["DEL eth0", "ADD eth0"]);
    expect(calls[0]?.expects).toEqual({ bootId: "b", netns: join(folder, "a") });
  });

  describe("a container that was attached and starts again", () => {
    const container = (id: string, netns: string): RunningContainer => ({
      id,
      pod: { namespace: "default", name: "web" },
      name: "web",
      labels: {},
      annotations: {},
      netns: join(folder, netns),
    });

    test("is attached in its new network namespace under the same key, so that it keeps its address", async () => {
      ledger = [attached("a")];
      containers = [container("a", "second")];
      await desk("replace").restore([request("web", "podBr0")]);
      expect(calls).toMatchObject([{ verb: "ADD", containerID: "a", ifname: "eth0", netns: join(folder, "second") }]);
    });

    test("is attached under another id too, by the newest of its requests", async () => {
      containers = [container("b", "b")];
      const newest = request("web", "podBr1");
      const later = { ...newest, spec: { ...newest.spec, request: { id: "2", podName: "web", requestedAt: "2026-01-02T00:00:00Z" } } };
      await desk("replace").restore([later, request("web", "podBr0")]);
      expect(calls).toMatchObject([{ verb: "ADD", containerID: "b", annotations: { "pharos.io/bridge": "podBr1" } }]);
    });

    test("is left alone where it is attached as it runs, and where others attach pods", async () => {
      ledger = [attached("a")];
      containers = [container("a", "a")];
      await desk("replace").restore([request("web", "podBr0")]);
      containers = [container("a", "second")];
      await desk("add").restore([request("web", "podBr0")]);
      expect(calls).toEqual([]);
    });
  });

  test("fails with a reason where the plugin refuses, and where the pod cannot be reached", async () => {
    ledger = [attached("a")];
    refusal = new Error("this host has no bridge podBr9 for pods");
    expect(await answer(desk(), request("web", "podBr9"))).toContain("Failed : default/web: this host has no bridge podBr9");
    ledger = [attached("a", { netns: "/proc/4711/ns/net" })];
    expect(await answer(desk(), request("web", "podBr9"))).toContain("PHAROS-4008");
  });

  test("attaches containers of a runtime that has attached none, and none that share the host's network", async () => {
    const container = { id: "c", pod: { namespace: "default", name: "web" }, name: "web", labels: {}, annotations: { a: "b" } };
    containers = [{ ...container, netns: "/run/netns/c" }];
    expect(await answer(desk("replace"), request("web", "podBr0"))).toContain("Attached 10.2.0.2/24");
    expect(called()).toEqual(["ADD eth0"]);
    expect(calls[0]?.annotations).toEqual({ a: "b", "pharos.io/bridge": "podBr0" });
    containers = [container];
    expect(await answer(desk("replace"), request("web", "podBr0"))).toContain("it shares the network of soc1");
  });
});
