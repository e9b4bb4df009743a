// ADDs of many pods at a time, on all CPUs: `node bench/cni/bursts.ts PODS AT_A_TIME`. Prints one line of JSON.
import { DEBIAN, NEWEST, OURS } from "./competitors.ts";
import { Packets } from "./packets.ts";
import { type Call, Runtime } from "./runtime.ts";
import { newSpawner } from "./spawn.ts";
import { makeWorld, removeWorlds } from "./worlds.ts";

const [pods = 0, atATime = 0] = process.argv.slice(2).map(Number);
const measured: Record<string, { readonly seconds: number; readonly calls: readonly Call[] }> = {};
for (const competitor of [OURS, DEBIAN, NEWEST]) {
  const world = makeWorld(competitor.name, pods);
  try {
    const runtime = new Runtime(competitor, { world, spawner: newSpawner(), work: "whole" });
    // What a host has once: bridge, tables, chains.
    runtime.call("ADD", 0);
    runtime.call("DEL", 0);
    const began = performance.now();
    const calls = runtime.addMany([...Array(pods).keys()], atATime);
    measured[competitor.name] = { seconds: (performance.now() - began) / 1000, calls };
    const packets = new Packets(world);
    for (let pod = 0; pod < pods; pod++) packets.check(runtime.attached(pod), true);
    packets.close();
  } finally {
    removeWorlds([world]);
  }
}
console.log(JSON.stringify(measured));
