import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { compiledHosts, liveWith } from "../../testing/compiled-hosts.ts";
import { OWN_PORTS, type RandomTraffic, randomHops, randomTraffic } from "../../testing/random-vehicles.ts";
import { ip, testVehicle } from "../../testing/test-vehicle.ts";
import type { HopRole } from "./flow.ts";
import { judge } from "./judge.ts";
import { lawOf } from "./law.ts";

/** Cases of the property; N=50 makes it 50 times as many. */
const RUNS = 100 * Number(process.env.N ?? 1);

const NO_DNS = { destination: ip("10.96.0.1"), port: 53 };
const ASKED = [NO_DNS, { destination: ip("10.96.0.10"), port: 53 }, { destination: ip("10.96.0.10"), port: 80 }, NO_DNS];

/** Each packet that evaluator and firewall answer differently, with what one has to know to see why. */
function disagreements({ of, documents, flows, cluster }: RandomTraffic, hops: readonly HopRole[]): readonly string[] {
  const vehicle = testVehicle(of);
  const law = lawOf({ vehicle, documents, ownPorts: OWN_PORTS, live: liveWith(cluster) });
  const hosts = compiledHosts(vehicle, documents, { everyPair: true, cluster });
  return flows.flatMap((sent, index) => {
    // Any packet may be one of a translated flow; which Service it went to has to decide about DNS and nothing else.
    const flow = index % 3 === 0 && sent.destination.family === "ipv4" ? { ...sent, asked: ASKED[index % ASKED.length] ?? NO_DNS } : sent;
    const { host, role, ...devices } = hops[index % hops.length] ?? { host: "", role: "forward" };
    const simulate = hosts.get(host);
    if (simulate === undefined) return [];
    const judged = judge(law, { host, role, ...devices }, flow);
    const packet = { ...flow, sourcePort: flow.sourcePort ?? 0, destinationPort: flow.destinationPort ?? 0, established: false };
    const real = simulate(packet, { hook: role, ...devices });
    const audit = vehicle.enforcement === "audit";
    const expected = { dropped: judged.verdict === "DROP" && !audit, logged: judged.verdict === "DROP" && audit };
    if (expected.dropped === (real.verdict === "drop") && expected.logged === real.logged) return [];
    const named = law.rules.pairs.map((pair) => `${pair.source.id} -> ${pair.destination.id}`);
    const rules = law.rules.rules.map((rule) => rule.text);
    const ends = { source: String(flow.source.value), destination: String(flow.destination.value) };
    return [
      JSON.stringify({
        named,
        rules,
        host,
        role,
        devices,
        flow: { ...flow, ...ends },
        judged: `${judged.verdict} ${judged.because}`,
        real,
      }),
    ];
  });
}

describe("judge", () => {
  test("agrees with the firewall objects of every host about any packet at any hook, under random rules", () => {
    const hops = fc.array(randomHops, { minLength: 50, maxLength: 50 });
    const property = fc.property(randomTraffic({ minLength: 50, maxLength: 60 }), hops, (traffic, at) => {
      expect(disagreements(traffic, at)).toEqual([]);
    });
    fc.assert(property, { numRuns: RUNS });
  });
});
