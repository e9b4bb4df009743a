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
const CASES = Number(process.env.N ?? 70);
const PREFIX = `phk${process.pid}`;
const namespaces: string[] = [];
const kernels: Kernel[] = [];
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
});
