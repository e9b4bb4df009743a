// Child process, pinned to one CPU: applies a firewall (a JSON file) in a network namespace, alternately through the kernel package (A:
// observe, diff, plan, apply) and by plain `nft -f -` of the same transaction (B), in blocks A B B A. Prints one line of JSON.
import { readFileSync } from "node:fs";
import { silentLog } from "@pharos/base";
import { diff, EMPTY_STATE, type FirewallObject, type HostState, isEmpty, planOf, type Step, scopeOf } from "@pharos/hoststate";
import { linuxKernel } from "@pharos/kernel";
import { systemNft } from "@pharos/kernel/nft";

const [file = "", namespace = "", blocks = "6"] = process.argv.slice(2);
const firewall: readonly FirewallObject[] = JSON.parse(readFileSync(file, "utf8"));
const desired: HostState = { ...EMPTY_STATE, firewall };
const scope = scopeOf(EMPTY_STATE);
const namespacePath = `/run/netns/${namespace}`;
const nft = systemNft({ namespacePath });
const kernel = await linuxKernel({ log: silentLog, namespacePath });

const first = planOf(diff(await kernel.observe(scope), desired));
const transaction = transactionOf(first);

const samples: { kind: "pharos" | "nft"; block: number; ms: number }[] = [];
for (let block = 0; block < Number(blocks); block++) {
  for (const kind of ["pharos", "nft", "nft", "pharos"] as const) {
    await emptyTable();
    const start = performance.now();
    if (kind === "pharos") await bring(desired);
    else await nft.run(["-f", "-"], transaction);
    samples.push({ kind, block, ms: performance.now() - start });
    if (!isEmpty(diff(await kernel.observe(scope), desired))) throw new Error(`${kind}: the kernel does not have the rules`);
  }
}
const unchanged = await repeated(() => bring(desired));
const one = await repeated((index) => bring(index % 2 === 0 ? withOneRuleLess() : desired));
await kernel.close();
process.stdout.write(
  `${JSON.stringify({ samples, unchanged, one, transactionBytes: transaction.length, peakMiB: process.resourceUsage().maxRSS / 1024 })}\n`,
);

async function bring(state: HostState): Promise<void> {
  const { failed } = await kernel.apply(planOf(diff(await kernel.observe(scope), state)));
  if (failed !== undefined) throw failed.error;
}

async function emptyTable(): Promise<void> {
  await nft.run(["-f", "-"], "add table inet pharos\ndelete table inet pharos\n");
}

/** The last rule of the first chain that has more than five is left out. */
function withOneRuleLess(): HostState {
  const longest = firewall.find((object) => object.kind === "chain" && object.rules.length > 5);
  return {
    ...desired,
    firewall: firewall.map((object) =>
      object === longest && object.kind === "chain" ? { ...object, rules: object.rules.slice(0, -1) } : object,
    ),
  };
}

async function repeated(run: (index: number) => Promise<void>): Promise<readonly number[]> {
  const times: number[] = [];
  for (let index = 0; index < 6; index++) {
    const start = performance.now();
    await run(index);
    times.push(performance.now() - start);
  }
  return times;
}

function transactionOf(steps: readonly Step[]): string {
  const [step] = steps;
  if (step?.kind !== "firewall.apply" || steps.length !== 1) throw new Error("the plan is not one firewall transaction");
  return step.transaction;
}
