import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { heldByContainer, impossibilities, type Operation, runStorm } from "@pharos/ledger/storm";
import { currentBootId } from "./commands/boot-id.ts";
import { builtPlugin, type PluginRun, TestHost } from "./plugin-harness.ts";
import { bridgeOf, networkOf, rangeOf } from "./test-network.ts";

const COUNT = Number(process.env.N ?? "600");
/** Plugin processes at the least, of which these pods are. */
const CALLS = 30;
const PODS = ["p0", "p1", "p2"];
const KILLED = 0.15;
const EXHAUSTED = 11;
const ADDRESSES = Array.from({ length: 9 }, (_, index) => `10.9.0.${index + 2}`);
const DATA = networkOf(bridgeOf("podBr0", [rangeOf("10.9.0.0/24", "10")]));

let host: TestHost;

beforeAll(() => {
  host = new TestHost(`ple${process.pid}`, builtPlugin(), DATA);
  for (const pod of PODS) host.addPod(pod);
}, 180_000);

afterAll(() => host.remove());

function now(): number {
  return Number(process.hrtime.bigint());
}

/** ADDs and DELs of one pod by plugin processes, some of them killed, until the others are done and it made enough calls. */
async function pluginClient(pod: string, isOver: () => boolean): Promise<readonly Operation[]> {
  const done: Operation[] = [];
  while (!isOver() || done.length < CALLS / PODS.length) {
    const verb = Math.random() < 0.55 ? "add" : "del";
    const began = now();
    const run = await host.call({
      verb: verb.toUpperCase(),
      pod,
      ...(Math.random() < KILLED ? { onStart: (child) => void setTimeout(() => child.kill("SIGKILL"), Math.random() * 200) } : {}),
    });
    done.push({ key: `${pod}-id`, verb, began, ended: now(), end: endOf(verb, run) });
  }
  return done;
}

function endOf(verb: Operation["verb"], { code, json, stdout }: PluginRun): Operation["end"] {
  if (code === null) return { kind: "unknown" };
  if (code === 0 && verb === "del") return { kind: "deleted" };
  if (code === 0) return { kind: "added", addresses: (json.ips as { address: string }[]).map(({ address }) => address.replace("/24", "")) };
  if (json.code === EXHAUSTED && String(json.msg).includes("no free address")) return { kind: "exhausted" };
  throw new Error(`${verb}: ${stdout}`);
}

test(
  `plugin processes among clients that make ${COUNT} commands on the same ledger: no address twice, exhausted only when full, nothing lost`,
  async () => {
    const scratch = join(host.folder, "stories");
    mkdirSync(scratch);
    let isOver = false;
    const storm = runStorm({
      folder: host.stateDir,
      scratch,
      seed: Date.now() % 2 ** 31,
      clients: 5,
      operations: COUNT,
      ownContainers: 2,
      sharedContainers: 2,
      meanLife: 60,
      pool: { network: "pods", bridge: "podBr0", bootId: currentBootId(), addresses: ADDRESSES },
    }).finally(() => {
      isOver = true;
    });
    const history = (await Promise.all([storm, ...PODS.map((pod) => pluginClient(pod, () => isOver))])).flat();
    expect(impossibilities(history, { capacity: ADDRESSES.length, left: heldByContainer(host.stateDir) })).toEqual([]);
    const byPlugin = history.filter(({ key }) => key.endsWith("-id"));
    const kinds = new Set(byPlugin.map(({ end }) => end.kind));
    expect(byPlugin.length).toBeGreaterThanOrEqual(CALLS);
    expect([...kinds]).toEqual(expect.arrayContaining(["added", "deleted"]));
  },
  180_000 + COUNT * 100,
);
