import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { silentLog, systemClock } from "@pharos/base";
import { DhcpSegment, honest } from "@pharos/dhcp/testing";
import type { PodNetworkData } from "@pharos/hoststate";
import { withNamespace } from "@pharos/kernel/namespace";
import type { LedgerEntry } from "@pharos/ledger";
import { OwnLedger } from "../pods/own-ledger.ts";
import { PluginRunner } from "../pods/run-plugin.ts";
import { LeaseKeeper } from "./lease-keeper.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const DATA: PodNetworkData = {
  version: 1,
  defaultBridge: "wireBr",
  bridges: [{ name: "wireBr", isGateway: false, ipMasq: false, ipam: "dhcp", ranges: [], routes: [{ dst: "0.0.0.0/0" }] }],
};

const made: { segment: DhcpSegment; keeper?: AbortController; folder: string; namespaces: readonly string[] }[] = [];

beforeAll(() => {
  execFileSync(process.execPath, [join(ROOT, "scripts/build-plugin.ts")], { stdio: ["ignore", "ignore", "inherit"] });
}, 180_000);

afterAll(async () => {
  for (const { segment, folder, namespaces } of made) {
    await segment.stop();
    for (const name of namespaces) execFileSync("ip", ["netns", "del", name]);
    rmSync(folder, { recursive: true, force: true });
  }
});

/** A host with two pods on a bridge with a DHCP server. */
function newHost({ without }: { readonly without?: string } = {}) {
  const name = `pdha${process.pid}-${made.length}`;
  const namespaces = [name, `${name}-dhcp`, `${name}-a`, `${name}-b`];
  for (const one of namespaces) execFileSync("ip", ["netns", "add", one]);
  const folder = mkdtempSync(join(tmpdir(), "pharos-leases-"));
  const inside = <T>(namespace: string, work: () => T) => withNamespace(`/run/netns/${namespace}`, work);
  const segment = new DhcpSegment({ host: name, server: `${name}-dhcp`, bridge: "wireBr", folder, inside });
  made.push({ segment, folder, namespaces });
  const binary = join(folder, "plugin");
  const limit = without === undefined ? "" : `setpriv --bounding-set=-${without} --inh-caps=-${without} `;
  writeFileSync(binary, `#!/bin/sh\nexec ${limit}nsenter --net=/run/netns/${name} ${join(ROOT, "dist/pharos-cni")}\n`, { mode: 0o755 });
  const dataFile = join(folder, "cni.json");
  writeFileSync(dataFile, JSON.stringify(DATA));
  const plugin = new PluginRunner({ binary, dataFile, stateDir: join(folder, "ledger") });
  const ledger = new OwnLedger({ folder: join(folder, "ledger"), log: silentLog });
  const netnsOf = (pod: string) => `/run/netns/${name}-${pod}`;
  return {
    segment,
    add: (pod: string) => plugin.run({ verb: "ADD", containerID: pod, ifname: "eth0", netns: netnsOf(pod) }),
    /** ADD by a plugin with all capabilities. */
    withCapabilities: (pod: string) => {
      const whole = join(folder, "whole-plugin");
      writeFileSync(whole, `#!/bin/sh\nexec nsenter --net=/run/netns/${name} ${join(ROOT, "dist/pharos-cni")}\n`, { mode: 0o755 });
      const runner = new PluginRunner({ ...plugin.settings, binary: whole });
      return runner.run({ verb: "ADD", containerID: pod, ifname: "eth0", netns: netnsOf(pod) });
    },
    entry: (pod: string): LedgerEntry | undefined => ledger.current().find(({ key }) => key.containerID === pod),
    exec: (pod: string, ...command: readonly string[]) =>
      execFileSync("nsenter", [`--net=${netnsOf(pod)}`, ...command], { encoding: "utf8" }),
    /** Starts an agent's keeper; the answer ends it. */
    keep: () => {
      const stop = new AbortController();
      const keeper = new LeaseKeeper({ ledger: () => ledger.current(), plugin, onStanding: () => {}, clock: systemClock, log: silentLog });
      const running = keeper.run(stop.signal);
      return {
        keeper,
        stop: async () => {
          stop.abort();
          await running;
        },
      };
    },
  };
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = systemClock.monotonic() + 40_000; !holds(); ) {
    if (systemClock.monotonic() > end) throw new Error(`${what} did not come true in 40 s`);
    await systemClock.sleep(50);
  }
}

describe("leases of pods", () => {
  test("are prolonged by busybox' server, also by an agent that was started anew, while packets pass between the pods", async () => {
    const { segment, add, entry, exec, keep } = newHost();
    // T1 (option 58) of two seconds leaves a slow machine fourteen.
    await segment.serve("min_lease 4", "opt lease 16", "opt 0x3a 00000002");
    await add("a");
    await add("b");
    const [first, second] = [entry("a"), entry("b")];
    const startOf = () => entry("a")?.lease?.startMs ?? 0;
    const one = keep();
    await until("a renewal", () => startOf() > (first?.lease?.startMs ?? 0));
    await one.stop();
    const before = startOf();
    const other = keep();
    await until("a renewal by the next agent", () => startOf() > before);
    // Well past the end of the first lease.
    await until("a third one", () => startOf() > (first?.lease?.startMs ?? 0) + 16_000);
    expect([entry("a")?.addresses, entry("b")?.addresses]).toEqual([first?.addresses, second?.addresses]);
    expect(exec("a", "ping", "-c", "1", "-W", "5", second?.addresses[0]?.split("/")[0] ?? "")).toContain("1 received");
    expect(other.keeper.conditions).toMatchObject([{ type: "LeasesHeld", status: "True" }]);
    await other.stop();
  });

  test("are told not to be prolonged, and why, where the capability for it is missing", async () => {
    const { segment, add, entry, keep, withCapabilities } = newHost({ without: "net_raw" });
    segment.script(honest("10.4.0.5", { leaseSeconds: 600, renewSeconds: 1 }));
    await expect(add("a")).rejects.toThrow("needs CAP_NET_RAW");
    await withCapabilities("a");
    const { keeper, stop } = keep();
    await until("the condition", () => keeper.conditions[0]?.status === "False");
    expect(keeper.conditions[0]?.message).toContain("needs CAP_NET_RAW");
    expect(entry("a")?.addresses).toEqual(["10.4.0.5/24"]);
    await stop();
  });

  test("end while the server is away: the pod loses the address, and has it again when the server is back", async () => {
    const { segment, add, entry, exec, keep } = newHost();
    const short = { leaseSeconds: 6, renewSeconds: 2, rebindSeconds: 4 };
    segment.script(honest("10.4.0.5", short));
    await add("a");
    await segment.stop();
    const { keeper, stop } = keep();
    await until("the loss", () => entry("a")?.lease?.isOver === true);
    await until("the condition", () => keeper.conditions[0]?.reason === "Over");
    expect(keeper.conditions[0]?.message).toContain("a has lost 10.4.0.5/24, whose lease is over");
    expect(exec("a", "ip", "-4", "addr", "show", "dev", "eth0")).not.toContain("10.4.0.5");
    segment.script(honest("10.4.0.5", { leaseSeconds: 600 }));
    await until("the return", () => entry("a")?.addresses[0] === "10.4.0.5/24");
    await until("the address in the kernel", () => exec("a", "ip", "-4", "addr", "show", "dev", "eth0").includes("10.4.0.5/24"));
    await until("the condition", () => keeper.conditions[0]?.status === "True");
    await stop();
  });
});
