import { describe, expect, test } from "@jest/globals";
import type { RenewedLease } from "@pharos/attach";
import { type Clock, type Log, silentLog } from "@pharos/base";
import type { LedgerEntry } from "@pharos/ledger";
import type { PluginCall } from "../pods/run-plugin.ts";
import { LeaseKeeper } from "./lease-keeper.ts";

type Lease = NonNullable<LedgerEntry["lease"]>;

function entry(pod: string, lease: Partial<Lease> = {}, more: Partial<LedgerEntry> = {}): LedgerEntry {
  const term = { startMs: 0, seconds: 3600, renewSeconds: 1800, rebindSeconds: 3150, began: "2026-01-01T00:00:00.000Z" };
  return {
    key: { network: "pharos", containerID: pod, ifname: "eth0" },
    bridge: "wireBr",
    addresses: lease.isOver === true ? [] : ["10.4.0.5/24"],
    hostName: "pv0",
    mac: "02:00:00:00:00:01",
    bootId: "boot",
    pod: { namespace: "default", name: pod },
    lease: { address: "10.4.0.5/24", server: "10.4.0.1", serverMac: "02:00:00:00:00:fe", clientId: "00", ...term, ...lease },
    netns: "/run/netns",
    ...more,
  };
}

/** A keeper whose time goes on only while it sleeps; what it did when, in seconds since boot. */
async function keep(options: {
  readonly ledger: LedgerEntry[];
  readonly untilMs: number;
  readonly renew: (atMs: number, ledger: LedgerEntry[]) => readonly Partial<RenewedLease>[];
  readonly add?: (call: PluginCall, ledger: LedgerEntry[]) => void;
  /** What the wall clock says at a time since boot. */
  readonly wall?: (atMs: number) => number;
}) {
  const did: string[] = [];
  const said: string[] = [];
  const { ledger } = options;
  let now = 0;
  const stop = new AbortController();
  const clock: Clock = {
    now: () => options.wall?.(now) ?? now,
    monotonic: () => now,
    sleep: async (ms, signal) => {
      if (signal?.aborted !== true) now += ms;
      if (now >= options.untilMs) stop.abort();
    },
  };
  const line = (level: string) => (message: string) => void said.push(`${level} ${message}`);
  const log: Log = { ...silentLog, info: line("info"), warn: line("warn"), error: line("error") };
  const seconds = () => Math.round(now / 1000);
  const keeper = new LeaseKeeper({
    ledger: () => [...ledger],
    plugin: {
      settings: { binary: "plugin", dataFile: "data", stateDir: "state" },
      renew: async () => {
        did.push(`${seconds()} renew`);
        const told = options.renew(now, ledger);
        return told.map((one) => ({ containerID: "web", ifname: "eth0", address: "10.4.0.5/24", outcome: "renewed", ...one }));
      },
      run: async (call) => {
        did.push(`${seconds()} ${call.verb} ${call.containerID} ${call.ifname}`);
        options.add?.(call, ledger);
      },
    },
    onStanding: () => did.push(`${seconds()} ${keeper.conditions.map(({ status, message }) => `${status}: ${message}`).join()}`),
    bootTime: () => now,
    clock,
    log,
  });
  await keeper.run(stop.signal);
  return { did, said };
}

const FINE = "True: DHCP servers prolong the leases of all pods";

describe("the keeper of leases", () => {
  test("has a lease prolonged at T1, again and again, in one call for all that are due", async () => {
    const { did, said } = await keep({
      ledger: [entry("web"), entry("db", { startMs: 5000 })],
      untilMs: 4_000_000,
      renew: (atMs, ledger) => {
        const due = ledger.filter(({ lease }) => lease !== undefined && atMs >= lease.startMs + 1_800_000);
        for (const one of due) ledger[ledger.indexOf(one)] = { ...one, lease: { ...(one.lease as Lease), startMs: atMs } };
        return due.map(({ key }) => ({ containerID: key.containerID }));
      },
    });
    expect(did).toEqual([`0 ${FINE}`, "1800 renew", "1805 renew", "3600 renew", "3605 renew"]);
    expect(said).toEqual([]);
  });

  test("is not moved by a wall clock that jumps years ahead and back", async () => {
    const wall = (atMs: number) => (atMs < 900_000 ? 0 : atMs < 1_200_000 ? 4e12 : -4e12);
    const { did } = await keep({ ledger: [entry("web")], untilMs: 1_795_000, renew: () => [], wall });
    expect(did).toEqual([`0 ${FINE}`]);
  });

  test("asks ever sooner when nobody answers, tells it once, and tells when one answers again", async () => {
    const { did, said } = await keep({
      ledger: [entry("web")],
      untilMs: 2_900_000,
      renew: (atMs, ledger) => {
        if (atMs < 2_800_000) return [{ outcome: "silent" }];
        ledger[0] = entry("web", { startMs: atMs });
        return [{}];
      },
    });
    expect(did).toEqual([
      `0 ${FINE}`,
      "1800 renew",
      "1800 False: default/web keeps 10.4.0.5/24 only until its lease ends: no DHCP server prolongs it",
      "2475 renew",
      "2813 renew",
      `2813 ${FINE}`,
    ]);
    expect(said).toEqual(["warn a DHCP lease could not be prolonged", "info a DHCP server prolongs the lease again"]);
  });

  test("tells that a pod lost its address, and has it put back by ADD of the interface that the runtime knows, with pauses", async () => {
    let tries = 0;
    const { did, said } = await keep({
      ledger: [entry("web", {}, { key: { network: "pharos", containerID: "web", ifname: "net1" }, primary: "eth0" })],
      untilMs: 1_870_000,
      renew: (_, ledger) => {
        ledger[0] = { ...(ledger[0] as LedgerEntry), addresses: [], lease: { ...(ledger[0]?.lease as Lease), isOver: true } };
        return [{ ifname: "net1", outcome: "over", message: "10.4.0.1 refuses" }];
      },
      add: (_, ledger) => {
        if (tries++ < 2) throw new Error("nobody answers");
        ledger[0] = entry("web", { startMs: 1_840_000 });
      },
    });
    expect(did).toEqual([
      `0 ${FINE}`,
      "1800 renew",
      "1800 False: default/web has lost 10.4.0.5/24, whose lease is over (10.4.0.1 refuses)",
      "1800 ADD web eth0",
      expect.stringMatching(/^18[01]\d ADD web eth0$/),
      expect.stringMatching(/^18[12]\d ADD web eth0$/),
      expect.stringContaining(FINE),
    ]);
    expect(said).toEqual(["error a pod lost its address: its DHCP lease is over", "info a pod has its address again"]);
  });

  test("makes no storm of calls when the plugin does not do what it should", async () => {
    const { did } = await keep({ ledger: [entry("web")], untilMs: 4_000_000, renew: () => [] });
    expect(did.filter((line) => line.endsWith("renew")).length).toBeLessThan(20);
  });

  test("does nothing, and says nothing, on a host without leases", async () => {
    const { lease: _, ...plain } = entry("web");
    expect(await keep({ ledger: [plain], untilMs: 100_000, renew: () => [] })).toEqual({ did: [], said: [] });
  });
});
