import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { silentLog } from "@pharos/base";
import { diff, EMPTY_STATE, type HostState, planOf, renderPlan, scopeOf } from "@pharos/hoststate";
import { hostStates } from "@pharos/hoststate/arbitrary";
import fc from "fast-check";
import type { Kernel } from "./kernel.ts";
import { linuxKernel } from "./linux.ts";

/** Transitions tried, three states each. */
const CASES = Number(process.env.N) || 70;
const PREFIX = `phk${process.pid}`;
const namespaces: string[] = [];
const kernels: Kernel[] = [];
/** What an administrator, or another program, may have on a host. The names and prefixes are not those of generated states. */
const FOREIGN = [
  "link add fv0 type veth peer name fv1",
  "link add foreign-br type bridge",
  "link set fv1 master foreign-br",
  ...["fv0", "fv1", "foreign-br"].map((name) => `link set ${name} addrgenmode none`),
  "link set fv0 up",
  "link set fv1 up",
  "link set foreign-br up",
  "address add 172.20.0.1/24 dev fv0",
  "route add 172.21.0.0/16 via 172.20.0.9",
  "route add 172.22.0.0/16 dev fv0 metric 7 table 77",
  "rule add from 172.20.0.0/24 lookup 77 priority 1000",
  "rule add from 172.23.0.0/24 lookup 77 priority 20500",
];
const root = mkdtempSync(join(tmpdir(), "pharos-kernel-"));

function namespace(): string {
  const name = `${PREFIX}-${namespaces.length}`;
  execFileSync("ip", ["netns", "add", name]);
  namespaces.push(name);
  return name;
}

/** Not every kernel is built with them. */
function hasDummies(name: string): boolean {
  if (spawnSync("ip", ["-n", name, "link", "add", "probe", "type", "dummy"]).status !== 0) return false;
  execFileSync("ip", ["-n", name, "link", "delete", "probe"]);
  return true;
}

async function kernelIn(name: string): Promise<Kernel> {
  // The firewall has its own test; a listing by nft would cost more than all that is tested here.
  const nft = { run: async () => ({ stdout: '{"nftables":[]}' }) };
  return linuxKernel({ log: silentLog, nft, root, namespacePath: `/run/netns/${name}` });
}

/** Brings the kernel from what it is to `desired`, and returns what is left to do. */
async function converge(kernel: Kernel, desired: HostState, former: HostState): Promise<string> {
  const scope = scopeOf(desired, former);
  const steps = planOf(diff(await kernel.observe(scope), desired));
  const { failed } = await kernel.apply(steps);
  if (failed !== undefined)
    return `${renderPlan(steps)}failed: ${renderPlan([failed.step])}${failed.error.message} ${String(failed.error.cause ?? "")}`;
  const left = planOf(diff(await kernel.observe(scope), desired));
  return left.length === 0 ? "" : `${renderPlan(steps)}left:\n${renderPlan(left)}`;
}

afterAll(async () => {
  for (const kernel of kernels) await kernel.close();
  for (const name of namespaces) execFileSync("ip", ["netns", "delete", name]);
  rmSync(root, { recursive: true });
});

describe("a network namespace", () => {
  test("is in the desired state after the plan, from any state to any other", async () => {
    const name = namespace();
    const kernel = await kernelIn(name);
    const states = hostStates({ dummies: hasDummies(name) });
    let former = EMPTY_STATE;
    await fc.assert(
      fc.asyncProperty(states, states, states, async (...transition) => {
        for (const state of transition) {
          expect(await converge(kernel, state, former)).toBe("");
          former = state;
        }
      }),
      { numRuns: CASES, endOnFailure: true },
    );
    await kernel.close();
  }, 600_000);

  test("keeps what others made, byte for byte", async () => {
    const name = namespace();
    const kernel = await kernelIn(name);
    kernels.push(kernel);
    const ip = (...args: readonly string[]): string => execFileSync("ip", ["-n", name, ...args], { encoding: "utf8" });
    for (const command of FOREIGN) ip(...command.split(" "));
    const listing = (): string =>
      [
        ["-d", "link", "show", "foreign-br"],
        ["-d", "link", "show", "fv0"],
        ["address", "show", "fv0"],
        ["route", "show", "table", "all"],
        ["rule"],
      ]
        .map((args) => ip(...args).replace(/timer +[\d.]+/g, "timer"))
        .join("");
    const before = listing();
    const states = fc.sample(hostStates({ dummies: hasDummies(name) }), 10);
    let former = EMPTY_STATE;
    for (const state of [...states, EMPTY_STATE]) {
      expect(await converge(kernel, state, former)).toBe("");
      former = state;
    }
    expect(listing()).toBe(before);
  });

  test("brings back what somebody removed, and undoes what somebody changed", async () => {
    const name = namespace();
    const kernel = await kernelIn(name);
    kernels.push(kernel);
    const desired: HostState = {
      ...EMPTY_STATE,
      links: [
        { kind: "bridge", name: "n0", callIptables: true, multicastSnooping: true },
        { kind: "veth", name: "p0", peer: "q0", master: "n0" },
        { kind: "veth", name: "q0", peer: "p0" },
      ],
      addresses: [{ link: "n0", address: "10.1.0.1/24" }],
      routes: [{ destination: "10.2.0.0/16", table: 254, metric: 0, type: "unicast", gateway: "10.1.0.9", link: "n0" }],
    };
    expect(await converge(kernel, desired, EMPTY_STATE)).toBe("");
    const damages = [
      "route delete 10.2.0.0/16",
      "address delete 10.1.0.1/24 dev n0",
      "link set p0 nomaster",
      "link set n0 down",
      "link set n0 type bridge mcast_snooping 0",
      "link delete q0",
      "link delete n0",
      "route replace 10.2.0.0/16 via 10.1.0.77",
    ];
    for (const damage of damages) {
      execFileSync("ip", ["-n", name, ...damage.split(" ")]);
      expect([damage, await converge(kernel, desired, EMPTY_STATE)]).toEqual([damage, ""]);
    }
  });
});
