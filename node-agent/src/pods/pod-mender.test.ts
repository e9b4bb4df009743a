import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { aliasOf } from "@pharos/attach";
import { silentLog, systemClock } from "@pharos/base";
import type { ObservedLink } from "@pharos/kernel";
import type { LedgerEntry } from "@pharos/ledger";
import { CallBackoff } from "./call-backoff.ts";
import { netnsState } from "./netns-state.ts";
import { PodMender } from "./pod-mender.ts";
import type { PluginCall } from "./run-plugin.ts";

const TIMES = { round: 10_000, look: 5, damaged: 20, dead: 40, helpless: 20, pause: 100 };

describe("PodMender", () => {
  let folder: string;
  let stop: AbortController;
  let running: Promise<unknown>;
  let calls: PluginCall[];
  let statuses: number;
  let ledger: LedgerEntry[];
  let links: ObservedLink[];
  let isReady: boolean;
  let onCall: (call: PluginCall) => void;
  let onLook: () => void;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "pharos-pod-mender-"));
    stop = new AbortController();
    [calls, ledger, links, statuses, isReady] = [[], [], [{ name: "podBr0", up: true }], 0, true];
    onCall = () => {};
    onLook = () => {};
  });
  afterEach(async () => {
    stop.abort();
    await running;
    rmSync(folder, { recursive: true });
  });

  function pod(containerID: string, more: Partial<LedgerEntry> = {}): LedgerEntry {
    const key = { network: "pharos", containerID, ifname: "eth0" };
    const place = { bridge: "podBr0", addresses: ["10.2.0.2/24"], hostName: `pv${containerID}`, mac: "02:00:00:00:00:01" };
    const entry = { key, ...place, bootId: "now", netns: join(folder, containerID), ...more };
    ledger.push(entry);
    return entry;
  }

  function lives({ netns = "" }: LedgerEntry): void {
    writeFileSync(netns, "");
  }

  function start(): PodMender {
    const plugin = {
      settings: { binary: "/none", dataFile: "/none", stateDir: "/none" },
      run: async (call: PluginCall) => {
        calls.push(call);
        onCall(call);
        return undefined;
      },
      status: async () => {
        statuses++;
        return undefined;
      },
    };
    const look = async () => {
      const seen = [...links];
      onLook();
      return seen;
    };
    const kernel = { links: look, missingElements: async () => [] };
    const own = { bootId: "now", all: () => [...ledger] };
    const mender = new PodMender({
      ledger: own,
      kernel,
      plugin,
      netns: (path) => netnsState(path, false),
      isReady: () => isReady,
      onStanding: () => {},
      clock: systemClock,
      log: silentLog,
      times: TIMES,
    });
    running = mender.run(stop.signal);
    return mender;
  }

  const within = (ms: number) => systemClock.sleep(ms);
  async function until(holds: () => boolean): Promise<void> {
    for (let tries = 0; tries < 1000 && !holds(); tries++) await within(5);
    expect(holds()).toBe(true);
  }

  test("calls the plugin about one damaged pod ever more seldom, though each call succeeds", async () => {
    lives(pod("a"));
    start();
    await until(() => calls.length === 2);
    await within(250);
    expect(calls.length).toBeLessThanOrEqual(4);
    expect(calls[0]).toEqual({
      verb: "ADD",
      containerID: "a",
      ifname: "eth0",
      netns: join(folder, "a"),
      expects: { bootId: "now", netns: join(folder, "a") },
    });
  });

  test("leaves a pod alone whose damage is gone at the second look, as while the plugin works", async () => {
    const entry = pod("a");
    lives(entry);
    let looks = 0;
    const whole = { name: entry.hostName, up: true, master: "podBr0", alias: aliasOf(entry) };
    onLook = () => {
      if (++looks === 1) links.push(whole);
    };
    const mender = start();
    await until(() => looks > 0);
    await within(100);
    mender.call();
    await until(() => looks > 2);
    expect(calls).toEqual([]);
  });

  test("mends nothing before the host's network is committed, but reclaims", async () => {
    isReady = false;
    lives(pod("a"));
    pod("dead");
    start();
    await until(() => calls.length > 0);
    await within(100);
    expect(calls.map(({ verb, containerID }) => `${verb} ${containerID}`)).toContain("DEL dead");
    expect(calls.every(({ verb }) => verb === "DEL")).toBe(true);
  });

  test("asks for STATUS first where an earlier boot left something, and removes what stays after that", async () => {
    pod("x", { bootId: "before" });
    onCall = ({ containerID }) => {
      ledger = ledger.filter(({ key }) => key.containerID !== containerID);
    };
    start();
    await until(() => ledger.length === 0);
    expect([statuses, calls.map(({ verb, expects }) => `${verb} ${expects?.bootId}`)]).toEqual([1, ["DEL before"]]);
  });

  test("cuts nothing of other networks, of pods whose folder of namespaces it does not see, or with paths of other processes", async () => {
    pod("a", { key: { network: "podman", containerID: "a", ifname: "eth0" }, bootId: "before" });
    pod("b", { netns: "/run/of-no-such-runtime/netns/b" });
    pod("c", { netns: "/proc/4711/ns/net" });
    const mender = start();
    await until(() => mender.condition.status === "False");
    await within(150);
    expect(calls).toEqual([]);
    expect(mender.condition.message).toContain("its network namespace cannot be reached");
  });
});

describe("CallBackoff", () => {
  test("doubles the pause, and forgets what was left alone for long", () => {
    let now = 0;
    const backoff = new CallBackoff({ ...systemClock, monotonic: () => now }, 1000);
    const waits: number[] = [];
    for (let turn = 0; turn < 12; turn++) {
      const began = now;
      while (!backoff.isDue("a")) now += 500;
      waits.push(now - began);
      backoff.called("a");
    }
    expect(waits.slice(0, 4)).toEqual([0, 1000, 2000, 4000]);
    expect(Math.max(...waits)).toBe(300_000);
    now += 700_000;
    backoff.called("a");
    now += 1000;
    expect(backoff.isDue("a")).toBe(true);
  });
});
