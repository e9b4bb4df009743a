import { describe, expect, test } from "@jest/globals";
import { type Ip, parseIp } from "@pharos/hoststate";
import fc from "fast-check";
import { documentsOf } from "../../testing/example.ts";
import { buildVehicle } from "../vehicle/build.ts";
import { forwardersOf, pathBetween } from "./path.ts";
import { type Topology, topologyOf } from "./topology.ts";

const HOSTS = 7;

/** SoCs with a pod bridge each; each pair in `wires` is a wire between two of them, of a subnet of its own. */
function topologyWith(wires: readonly (readonly [number, number])[]): Topology {
  const socs = Array.from({ length: HOSTS }, (_, host) => {
    const own = wires.flatMap(([a, b], wire) => (a === host || b === host ? [{ wire, side: a === host ? 1 : 2 }] : []));
    const interfaces = own.map(({ wire, side }) => `{name: eth${wire}, address: 10.1.${wire}.${side}/24}`);
    return `{name: s${host}, interfaces: [${interfaces.join(", ")}]}`;
  });
  const bridges = socs.map(
    (_, host) => `{name: br${host}, bridgeFor: pod, hosts: [s${host}], isGateway: true, ipam: {ranges: [{subnet: 10.2.${host}.0/24}]}}`,
  );
  const documents = documentsOf(`
kind: node
metadata: {name: car}
spec: {name: car, socs: [${socs.join(", ")}]}
---
kind: bridge
metadata: {name: pods}
spec: {bridges: [${bridges.join(", ")}]}
`);
  const vehicle = buildVehicle({ documents }).value;
  if (vehicle === undefined) throw new Error("one Node document is a vehicle");
  return topologyOf(vehicle);
}

function pod(host: number): Ip {
  const ip = parseIp(`10.2.${host}.9`);
  if (ip === undefined) throw new Error("an address");
  return ip;
}

/** Fewest wires between two SoCs by plain search; undefined when there is no way. */
function distance(wires: readonly (readonly [number, number])[], from: number, to: number): number | undefined {
  let reached = new Set([from]);
  for (let steps = 0; steps <= HOSTS; steps++) {
    if (reached.has(to)) return steps;
    const next = wires.flatMap(([a, b]) => [...(reached.has(a) ? [b] : []), ...(reached.has(b) ? [a] : [])]);
    reached = new Set([...reached, ...next]);
  }
  return undefined;
}

describe("pathBetween", () => {
  const host = fc.nat({ max: HOSTS - 1 });
  const wire = fc.tuple(host, host).filter(([a, b]) => a !== b);

  test("is a shortest way, and crosses the same hosts in both directions", () => {
    fc.assert(
      fc.property(fc.array(wire, { maxLength: 14 }), (wires) => {
        const topology = topologyWith(wires);
        for (let a = 0; a < HOSTS; a++) {
          for (let b = 0; b < a; b++) {
            const there = pathBetween(topology, pod(a), pod(b));
            const back = pathBetween(topology, pod(b), pod(a));
            const hosts = there === undefined ? undefined : forwardersOf(there).map((hop) => hop.host);
            expect(back === undefined ? undefined : forwardersOf(back).map((hop) => hop.host)).toEqual(hosts?.reverse());
            const wiresBetween = distance(wires, a, b);
            expect(hosts?.length).toBe(wiresBetween === undefined ? undefined : wiresBetween + 1);
          }
        }
      }),
      { numRuns: 100 },
    );
  });
});
