import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { pluginConfiguration } from "@pharos/attach";
import { silentLog, systemClock } from "@pharos/base";
import type { PodNetworkData } from "@pharos/hoststate";
import { type Kernel, linuxKernel } from "@pharos/kernel";
import { type LedgerEntry, readLedger, withMaintenance } from "@pharos/ledger";
import { netnsState } from "./netns-state.ts";
import { OwnLedger } from "./own-ledger.ts";
import { PodMender } from "./pod-mender.ts";
import { PluginRunner } from "./run-plugin.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const RANGE = { subnet: "10.9.0.0/16", block: "10.9.0.0/16", rangeStart: "10.9.0.2", rangeEnd: "10.9.200.60", exclude: [] };
const DATA: PodNetworkData = {
  version: 1,
  defaultBridge: "podBr0",
  bridges: [
    { name: "podBr0", isGateway: true, ipMasq: false, ranges: [{ ...RANGE, gateway: "10.9.0.1" }], routes: [{ dst: "0.0.0.0/0" }] },
  ],
};
const REBOOTED = Number(process.env.N ?? "20");

let made = 0;

/** A host with pods, each a network namespace, and the plugin executed inside the host's. */
class Host {
  readonly folder = mkdtempSync(join(tmpdir(), "pharos-mender-"));
  readonly name = `pagm${process.pid}-${made++}`;
  readonly stateDir = join(this.folder, "ledger");
  readonly runner: PluginRunner;
  readonly #pods = new Set<string>();

  constructor() {
    this.#add(this.name);
    const binary = join(this.folder, "plugin");
    const inside = `exec nsenter --net=/run/netns/${this.name} ${join(ROOT, "dist/pharos-cni")}`;
    writeFileSync(binary, `#!/bin/sh\necho $CNI_COMMAND $CNI_CONTAINERID >> ${this.calls}\n${inside}\n`, { mode: 0o755 });
    const dataFile = join(this.folder, "cni.json");
    writeFileSync(dataFile, JSON.stringify(DATA));
    mkdirSync(this.stateDir);
    this.runner = new PluginRunner({ binary, dataFile, stateDir: this.stateDir });
  }

  get calls(): string {
    return join(this.folder, "calls");
  }

  netnsOf(pod: string): string {
    return `/run/netns/${this.name}-${pod}`;
  }

  /** Attaches a pod as its runtime does; answers its address. */
  async addPod(pod: string, runtimeConfig: object = {}): Promise<string> {
    this.#add(`${this.name}-${pod}`);
    const { binary, ...places } = this.runner.settings;
    const env = { PATH: process.env.PATH, CNI_COMMAND: "ADD", CNI_CONTAINERID: pod, CNI_IFNAME: "eth0", CNI_NETNS: this.netnsOf(pod) };
    const input = JSON.stringify({ ...pluginConfiguration(places, {}), runtimeConfig });
    const { ips } = JSON.parse(execFileSync(binary, [], { env, input, encoding: "utf8" })) as { ips: readonly { address: string }[] };
    return ips[0]?.address ?? "";
  }

  /** The pod's namespace goes, as at a crash of its runtime that never says DEL. */
  killPod(pod: string): void {
    execFileSync("ip", ["netns", "del", `${this.name}-${pod}`]);
    this.#pods.delete(`${this.name}-${pod}`);
  }

  ip(...args: readonly string[]): string {
    return execFileSync("ip", ["-n", this.name, ...args], { encoding: "utf8" });
  }

  pings(pod: string): boolean {
    try {
      execFileSync("nsenter", [`--net=${this.netnsOf(pod)}`, "ping", "-c1", "-W1", "10.9.0.1"], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  }

  remove(): void {
    for (const name of this.#pods) execFileSync("ip", ["netns", "del", name]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  #add(name: string): void {
    execFileSync("ip", ["netns", "add", name]);
    this.#pods.add(name);
  }
}

const entry = (index: number, more: Partial<LedgerEntry> = {}): LedgerEntry => ({
  key: { network: "pharos", containerID: `old${index}`, ifname: "eth0" },
  bridge: "podBr0",
  addresses: [`10.9.${index >> 8}.${index & 255}/16`],
  hostName: `pv${index.toString(16).padStart(12, "0")}`,
  mac: "02:00:00:00:00:01",
  bootId: "earlier",
  netns: `/run/netns/old${index}`,
  ...more,
});

async function until(what: string, holds: () => boolean, withinMs = 30_000): Promise<void> {
  const end = systemClock.monotonic() + withinMs;
  while (!holds()) {
    if (systemClock.monotonic() > end) throw new Error(`${what} did not come`);
    await systemClock.sleep(50);
  }
}

beforeAll(() => {
  execFileSync(process.execPath, [join(ROOT, "scripts/build-plugin.ts")], { stdio: ["ignore", "ignore", "inherit"] });
}, 180_000);

describe("PodMender", () => {
  let host: Host;
  let kernel: Kernel;
  let stop: AbortController;
  let running: Promise<unknown> | undefined;
  let mender: PodMender;

  beforeEach(async () => {
    host = new Host();
    kernel = await linuxKernel({ log: silentLog, namespacePath: `/run/netns/${host.name}` });
    stop = new AbortController();
    const ledger = new OwnLedger({ folder: host.stateDir, log: silentLog });
    const { runner: plugin } = host;
    const times = { round: 60_000, look: 200, damaged: 300, dead: 1000, helpless: 500, pause: 500 };
    const surroundings = { isReady: () => true, onStanding: () => {}, clock: systemClock, log: silentLog };
    mender = new PodMender({ ledger, kernel, plugin, netns: netnsState, times, ...surroundings });
  });
  afterEach(async () => {
    stop.abort();
    await running;
    await kernel.close();
    host.remove();
  });

  const start = () => {
    const listen = async () => {
      for await (const _ of kernel.events(stop.signal)) mender.call();
    };
    running = Promise.all([mender.run(stop.signal), listen()]);
  };

  test("mends pods whose bridge somebody deleted and the agent made again; their addresses stay", async () => {
    const addresses = [await host.addPod("a"), await host.addPod("b")];
    expect(addresses).toEqual(["10.9.0.2/16", "10.9.0.3/16"]);
    start();
    host.ip("link", "del", "podBr0");
    host.ip("link", "add", "podBr0", "address", "02:00:00:00:00:99", "type", "bridge");
    host.ip("address", "add", "10.9.0.1/16", "dev", "podBr0");
    host.ip("link", "set", "podBr0", "up");
    const indexes = () => readLedger(host.stateDir).map(({ hostName }) => JSON.parse(host.ip("-j", "link", "show", hostName))[0].ifindex);
    const before = indexes();
    await until("both pods connected", () => host.pings("a") && host.pings("b"));
    // In place: whoever listens on a pod's interface goes on.
    expect(indexes()).toEqual(before);
    expect(readLedger(host.stateDir).flatMap((one) => one.addresses)).toEqual(addresses);
    expect(mender.condition.status).toBe("True");
  });

  test("mends a link that is down, or gone while its pod lives", async () => {
    await host.addPod("a");
    start();
    const link = readLedger(host.stateDir)[0]?.hostName ?? "";
    host.ip("link", "set", link, "down");
    await until("an up link", () => host.pings("a"));
    host.ip("link", "del", link);
    await until("a new pair", () => host.pings("a"));
  });

  test("mends what the nft table held for a pod, after somebody removed an element or the table", async () => {
    await host.addPod("a", { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: "tcp" }] });
    const nft = (...args: readonly string[]) =>
      execFileSync("nsenter", [`--net=/run/netns/${host.name}`, "nft", ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    const leads = () => {
      try {
        return nft("list", "map", "inet", "pharos_pods", "hostports4").includes("tcp . 8080 : 10.9.0.2 . 80");
      } catch {
        return false;
      }
    };
    expect(leads()).toBe(true);
    start();
    nft("flush", "map", "inet", "pharos_pods", "hostports4");
    await until("the element", leads);
    nft("delete", "table", "inet", "pharos_pods");
    await until("the table with the element", leads, 60_000);
    expect(nft("list", "chain", "inet", "pharos_pods", "prerouting")).toContain("hostports");
  }, 120_000);

  test("leaves pods of other networks alone, and says which pods it cannot help", async () => {
    await host.addPod("a");
    withMaintenance({ folder: host.stateDir }, (ledger) => {
      const { bootId = "" } = ledger.read().entries()[0] ?? {};
      const foreign = entry(900, { bootId, key: { network: "podman", containerID: "other", ifname: "eth0" } });
      ledger.write({ put: [foreign, entry(901, { bootId, bridge: "gone0", netns: host.netnsOf("a") })] });
    });
    start();
    await until("a condition", () => mender.condition.status === "False");
    expect(mender.condition).toMatchObject({ reason: "Damaged", message: "old901: the bridge gone0 is missing" });
    expect(readLedger(host.stateDir)).toHaveLength(3);
  });

  test("reclaims what a pod left whose namespace and link are gone, and no other", async () => {
    await host.addPod("a");
    await host.addPod("b");
    host.killPod("a");
    start();
    await until("one entry", () => readLedger(host.stateDir).length === 1);
    expect(readLedger(host.stateDir)[0]?.key.containerID).toBe("b");
    expect(host.pings("b")).toBe(true);
  });

  test(`leaves nothing of ${REBOOTED} pods of an earlier boot, and touches none of this one`, async () => {
    const left = Array.from({ length: REBOOTED }, (_, index) => entry(1000 + index));
    withMaintenance({ folder: host.stateDir }, (ledger) => ledger.write({ put: left }));
    start();
    await until("an empty ledger", () => readLedger(host.stateDir).length === 0, 120_000);
    expect(await host.addPod("a")).toMatch(/^10\.9\./);
  }, 150_000);
});
