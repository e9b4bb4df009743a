import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { builtPlugin, TestHost } from "./plugin-harness.ts";
import { bridgeOf, networkOf, rangeOf } from "./test-network.ts";

const DATA = networkOf(bridgeOf("podBr0", [rangeOf("10.9.0.0/24", "60")], { routes: [] }));

const LIMITS = { ingressRate: 800_000, ingressBurst: 400_000, egressRate: 800_000, egressBurst: 400_000 };
/** Bytes: 250,000 of them are 2,000,000 bits, of which the burst passes at once and the rest takes two seconds. */
const AMOUNT = 250_000;

/** Receives on its port and prints how many milliseconds passed from the first byte to the end. */
const SINK = `require("node:net").createServer((c) => { const t = Date.now(); c.on("data", () => {}); c.on("end", () => { console.log(Date.now() - t); process.exit(0); }); }).listen(9000, "0.0.0.0");`;
const SOURCE = `const go = (n) => { const s = require("node:net").connect(9000, process.argv[1], () => s.end(Buffer.alloc(${AMOUNT}))); s.on("error", () => setTimeout(go, 100)); }; go();`;

let host: TestHost;

beforeAll(() => {
  host = new TestHost(`pband${process.pid}`, builtPlugin(), DATA);
  for (const pod of ["a", "b"]) host.addPod(pod);
}, 180_000);

afterAll(() => host.remove());

/** Milliseconds that AMOUNT takes from pod to pod. */
function duration(from: string, to: string, address: string): number {
  const script = `"$0" -e '${SINK}' & nsenter --net=/run/netns/${host.namespaceOf(from)} "$0" -e '${SOURCE}' ${address}; wait`;
  return Number(host.exec(to, "sh", "-c", script, process.execPath));
}

const shapers = () => host.ip("host", "-o", "link", "show", "type", "ifb");

describe("bandwidth", () => {
  test("limits what a pod sends and what it receives, and goes with the pod", async () => {
    const limited = await host.call({ verb: "ADD", pod: "a", config: { runtimeConfig: { bandwidth: LIMITS } } });
    expect([limited.code, limited.json.msg, limited.json.details]).toEqual([0, undefined, undefined]);
    expect((await host.call({ verb: "ADD", pod: "b" })).code).toBe(0);
    for (const [from, to, address] of [
      ["a", "b", "10.9.0.3"],
      ["b", "a", "10.9.0.2"],
    ] as const) {
      const took = duration(from, to, address);
      expect(took).toBeGreaterThan(1_000);
      expect(took).toBeLessThan(10_000);
    }
    expect((await host.call({ verb: "ADD", pod: "a" })).json).toEqual(limited.json);
    expect(shapers()).not.toBe("");
    expect((await host.call({ verb: "DEL", pod: "a" })).code).toBe(0);
    expect([shapers(), host.podLinks().length]).toEqual(["", 1]);
    // The same way without limits: what was measured above is the limit, not the machine.
    expect((await host.call({ verb: "ADD", pod: "a" })).code).toBe(0);
    const [{ address } = { address: "" }] = JSON.parse(host.ip("a", "-j", "-4", "address", "show", "eth0")).flatMap(
      ({ addr_info }: { addr_info: { local: string }[] }) => addr_info.map(({ local }) => ({ address: local })),
    );
    expect(duration("b", "a", address)).toBeLessThan(1_000);
  }, 60_000);
});
