import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { builtPlugin } from "../plugin-harness.ts";
import type { ChildEnd } from "./child.ts";
import { faultsAfter } from "./expectation.ts";
import { BYSTANDER, crashData, type PharosCall, PharosHost, rangeOf } from "./pharos-host.ts";
import { impossibilities, type StormEnd, type StormOperation } from "./storm.ts";

const COUNT = Number(process.env.N ?? "64");
const PODS = Array.from({ length: 8 }, (_, index) => `p${index}`);
/** Addresses for the pods of the storm; the bystander has one more. */
const CAPACITY = 5;
const KILL_SHARE = 0.4;
const GC_SHARE = 0.1;
const ALL = PODS.flatMap((pod) => ["eth0", "net1"].map((ifname) => ({ containerID: `${pod}-id`, ifname })));
const EXHAUSTED = 11;

const DATA = crashData(rangeOf("10.9.0.0/24", ["10.9.0.2", "10.9.0.7"], "10.9.0.1"));

let pharos: PharosHost;

beforeAll(async () => {
  pharos = new PharosHost(`pcr${process.pid}s`, builtPlugin(), { pods: PODS, data: DATA });
  await pharos.host.start();
}, 180_000);

afterAll(() => pharos.host.remove());

interface Storm {
  /** That there is more to do. */
  readonly next: () => boolean;
  /** The next place in the order of all beginnings and ends. */
  readonly place: () => number;
  /** Time in which a call is surely at its end, in ms. */
  readonly lifetime: number;
}

/** What some calls are killed by, at any moment of their life. */
function killer({ lifetime }: Storm): PharosCall {
  if (Math.random() >= KILL_SHARE) return {};
  return { onStart: (child) => void setTimeout(() => child.kill("SIGKILL"), Math.random() * lifetime) };
}

/** A pod's part of the storm, and what its last ADD answered where that is what it did last. */
interface Client {
  readonly pod: string;
  readonly done: readonly StormOperation[];
  readonly result: string | undefined;
}

/** ADDs and DELs of one pod, and now and then a GC that knows of all pods. */
async function client(pod: string, storm: Storm): Promise<Client> {
  const done: StormOperation[] = [];
  let result: string | undefined;
  while (storm.next()) {
    if (Math.random() < GC_SHARE) await pharos.call("GC", { pod, config: { "cni.dev/valid-attachments": ALL }, ...killer(storm) });
    const verb = Math.random() < 0.5 ? "ADD" : "DEL";
    const began = storm.place();
    const end = await pharos.call(verb, { pod, ...killer(storm) });
    done.push({ pod, verb, began, ended: storm.place(), end: endOf(verb, end) });
    result = verb === "ADD" && end.code === 0 ? end.stdout : undefined;
  }
  return { pod, done, result };
}

function endOf(verb: "ADD" | "DEL", end: ChildEnd): StormEnd {
  if (end.signal === "SIGKILL") return { kind: "killed" };
  const told = end.stdout === "" ? {} : JSON.parse(end.stdout);
  if (end.code === 0)
    return verb === "DEL" ? { kind: "deleted" } : { kind: "added", addresses: told.ips.map((ip: { address: string }) => ip.address) };
  if (verb === "ADD" && told.code === EXHAUSTED && String(told.msg).includes("no free address")) return { kind: "exhausted" };
  throw new Error(`${verb}: ${end.stdout}${end.stderr}`);
}

describe(`a storm of ${COUNT} ADDs and DELs by ${PODS.length} clients on ${CAPACITY} addresses`, () => {
  test(
    "gives no address to two pods, calls the pool exhausted only when it is, leaves what was added whole, and leaves nothing after GC",
    async () => {
      await pharos.must("ADD", { pod: BYSTANDER });
      const detached = await pharos.lines();
      const before = performance.now();
      await pharos.must("ADD", { pod: "p0" });
      const lifetime = 2 * (performance.now() - before);
      await pharos.must("DEL", { pod: "p0" });
      let left = COUNT;
      let places = 0;
      const storm = { next: () => left-- > 0, place: () => places++, lifetime };
      const clients = await Promise.all(PODS.map((pod) => client(pod, storm)));
      const history = clients.flatMap(({ done }) => done);
      expect(impossibilities(history, CAPACITY)).toEqual([]);
      expect(pharos.duplicates()).toEqual([]);
      const kinds = Map.groupBy(history, ({ end }) => end.kind);
      expect([...kinds.keys()].sort()).toEqual(expect.arrayContaining(["added", "deleted", "killed"]));
      for (const { pod, result } of clients)
        if (result !== undefined) await pharos.must("CHECK", { pod, config: { prevResult: JSON.parse(result) } });
      await pharos.must("GC", { pod: "p0" });
      expect(await faultsAfter("GC", detached, pharos)).toEqual([]);
    },
    120_000 + COUNT * 2_000,
  );
});
