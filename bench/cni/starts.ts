// Start of the executable beside its own Node with an empty program, on one CPU, in turn: `node bench/cni/starts.ts SAMPLES`, started pinned.

import { OURS } from "./competitors.ts";
import { newSpawner, type Run } from "./spawn.ts";
import { makeWorld, removeWorlds } from "./worlds.ts";

const samples = Number(process.argv[2]);
const world = makeWorld("start", 0);
try {
  const spawner = newSpawner();
  const [plugin] = OURS.plugins(world, "bare");
  if (plugin === undefined) throw new Error("there is no plugin");
  const programs = {
    version: { path: plugin.path, env: { CNI_COMMAND: "VERSION" }, stdin: "{}", namespace: world.host },
    node: { path: process.execPath, args: ["-e", "0"], env: {}, stdin: "", namespace: world.host },
  };
  const taken: { readonly version: Run[]; readonly node: Run[] } = { version: [], node: [] };
  for (let sample = 0; sample < samples; sample++)
    for (const name of sample % 2 === 0 ? (["version", "node"] as const) : (["node", "version"] as const))
      taken[name].push(spawner.run(programs[name]));
  console.log(JSON.stringify({ version: taken.version.map(times), node: taken.node.map(times) }));
} finally {
  removeWorlds([world]);
}

function times({ ms, cpu, code }: Run): { readonly ms: number; readonly cpu: number } {
  if (code !== 0) throw new Error(`a program ended with ${code}`);
  return { ms, cpu };
}
