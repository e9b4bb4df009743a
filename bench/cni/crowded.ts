// ADD beside 500 pods and beside 10, on one CPU, in turn: `node bench/cni/crowded.ts MANY FEW SAMPLES`, started pinned. Prints one line of JSON.
import { OURS } from "./competitors.ts";
import { type Call, Runtime } from "./runtime.ts";
import { newSpawner } from "./spawn.ts";
import { makeWorld, removeWorlds } from "./worlds.ts";

const [many = 0, few = 0, samples = 0] = process.argv.slice(2).map(Number);
const worlds = [makeWorld("many", many + samples), makeWorld("few", few + samples)] as const;
try {
  const [crowded, empty] = worlds.map((world) => new Runtime(OURS, { world, spawner: newSpawner(), work: "whole" }));
  if (crowded === undefined || empty === undefined) throw new Error("a world is missing");
  crowded.addMany(range(0, many), 2);
  empty.addMany(range(0, few), 2);
  const taken: { readonly many: Call[]; readonly few: Call[] } = { many: [], few: [] };
  for (let sample = 0; sample < samples; sample++) {
    const turns = [() => taken.many.push(inAndOut(crowded, many + sample)), () => taken.few.push(inAndOut(empty, few + sample))];
    for (const turn of sample % 2 === 0 ? turns : turns.toReversed()) turn();
  }
  console.log(JSON.stringify({ pods: { many, few }, ...taken }));
} finally {
  removeWorlds(worlds);
}

/** The ADD counts; the DEL behind it keeps the number of pods. */
function inAndOut(runtime: Runtime, pod: number): Call {
  const call = runtime.call("ADD", pod);
  runtime.call("DEL", pod);
  return call;
}

function range(from: number, count: number): readonly number[] {
  return [...Array(count).keys()].map((index) => from + index);
}
