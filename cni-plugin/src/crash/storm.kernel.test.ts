import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { builtPlugin } from "../plugin-harness.ts";
import type { ChildEnd } from "./child.ts";
import { faultsAfter } from "./expectation.ts";
import { BYSTANDER, crashData, PharosHost, rangeOf } from "./pharos-host.ts";
import { impossibilities, type StormEnd, type StormOperation } from "./storm.ts";

const COUNT = Number(process.env.N ?? "64");
const PODS = Array.from({ length: 8 }, (_, index) => `p${index}`);
/** Addresses for the pods of the storm; the bystander has one more. */
const CAPACITY = 5;
const KILL_SHARE = 0.4;
const EXHAUSTED = 11;

const DATA = crashData(rangeOf("10.9.0.0/24", ["10.9.0.2", "10.9.0.7"], "10.9.0.1"));

let pharos: PharosHost;

beforeAll(async () => {
  pharos = new PharosHost(`pcr${process.pid}s`, builtPlugin(), { pods: PODS, data: DATA });
  await pharos.host.start();
}, 180_000);

afterAll(() => pharos.host.remove());

/** Runs ADDs and DELs of one pod until `next` says that it is enough; some are killed at any moment of their life. */
async function client(
  pod: string,
  { next, place, lifetime }: { next: () => boolean; place: () => number; lifetime: number },
): Promise<StormOperation[]> {
  const done: StormOperation[] = [];
  while (next()) {
    const verb = Math.random() < 0.5 ? "ADD" : "DEL";
    const began = place();
    const end = await pharos.call(verb, {
      pod,
      ...(Math.random() < KILL_SHARE ? { onStart: (child) => void setTimeout(() => child.kill("SIGKILL"), Math.random() * lifetime) } : {}),
    });
    done.push({ pod, verb, began, ended: place(), end: endOf(verb, end) });
  }
  return done;
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
    "gives no address to two pods, calls the pool exhausted only when it is, and leaves nothing after GC",
    async () => {
      await pharos.must("ADD", { pod: BYSTANDER });
      const detached = await pharos.lines();
      const before = performance.now();
      await pharos.must("ADD", { pod: "p0" });
      const lifetime = 2 * (performance.now() - before);
      await pharos.must("DEL", { pod: "p0" });
      let left = COUNT;
      let places = 0;
      const shared = { next: () => left-- > 0, place: () => places++, lifetime };
      const history = (await Promise.all(PODS.map((pod) => client(pod, shared)))).flat();
      expect(impossibilities(history, CAPACITY)).toEqual([]);
      expect(pharos.duplicates()).toEqual([]);
      const kinds = Map.groupBy(history, ({ end }) => end.kind);
      expect([...kinds.keys()].sort()).toEqual(expect.arrayContaining(["added", "deleted", "killed"]));
      await pharos.must("GC", { pod: "p0" });
      expect(await faultsAfter("GC", detached, pharos)).toEqual([]);
    },
    120_000 + COUNT * 2_000,
  );
});
