import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type LedgerEntry, readLedger } from "@pharos/ledger";
import { builtPlugin, TestHost } from "./plugin-harness.ts";
import { bridgeOf, networkOf, rangeOf } from "./test-network.ts";

const DATA = networkOf(bridgeOf("podBr0", [rangeOf("10.9.0.0/24", "60")], { routes: [] }));

let host: TestHost;

beforeAll(() => {
  host = new TestHost(`pagx${process.pid}`, builtPlugin(), DATA);
  host.addPod("a");
}, 180_000);
afterAll(() => host.remove());

const expecting = ({ bootId, netns }: Pick<LedgerEntry, "bootId" | "netns">) => ({ expects: { bootId, netns } });

describe("a call of the agent that names the entry which it is about", () => {
  test("attaches nothing where the ledger has no such entry", async () => {
    const run = await host.call({ verb: "ADD", pod: "a", config: expecting({ bootId: "b", netns: "/run/netns/x" }) });
    expect(run).toMatchObject({ code: 1, json: { code: 104 } });
    expect([host.podLinks(), readLedger(host.stateDir)]).toEqual([[], []]);
  });

  test("answers for the entry that is there, and removes no other one", async () => {
    expect((await host.call({ verb: "ADD", pod: "a" })).code).toBe(0);
    const [entry] = readLedger(host.stateDir);
    if (entry === undefined) throw new Error("no entry");
    expect((await host.call({ verb: "ADD", pod: "a", config: expecting(entry) })).code).toBe(0);
    for (const other of [
      { ...entry, bootId: "earlier" },
      { ...entry, netns: "/run/netns/other" },
    ]) {
      expect((await host.call({ verb: "DEL", pod: "a", config: expecting(other) })).code).toBe(0);
      expect(host.podLinks()).toHaveLength(1);
    }
    expect((await host.call({ verb: "DEL", pod: "a", config: expecting(entry) })).code).toBe(0);
    expect([host.podLinks(), readLedger(host.stateDir)]).toEqual([[], []]);
  });

  test("notes with which interface an added one goes", async () => {
    expect((await host.call({ verb: "ADD", pod: "a" })).code).toBe(0);
    expect((await host.call({ verb: "ADD", pod: "a", ifname: "net1", config: { primary: "eth0" } })).code).toBe(0);
    expect(readLedger(host.stateDir).map(({ key, primary }) => [key.ifname, primary])).toEqual([
      ["eth0", undefined],
      ["net1", "eth0"],
    ]);
  });
});
