// Where the time of ADD and DEL goes: `node bench/cni/phases.ts PODS`, started pinned. Prints one line of JSON. The executable is one that
// notes its system calls; its program is the same.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildPlugin } from "../../scripts/plugin-executable.ts";
import { medians, type Times, timesOf } from "./call-phases.ts";
import { type Competitor, OURS, programOf } from "./competitors.ts";
import { newSpawner, type Spawner } from "./spawn.ts";
import { tracePreamble } from "./trace-calls.ts";
import { makeWorld, removeWorlds, type World } from "./worlds.ts";

const NS_PER_MS = 1e6;
/** The first pods bring up what a host has once. */
const WARM_UP = 2;

await run(Number(process.argv[2]));

async function run(pods: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "pharos-traced-"));
  const world = makeWorld("phases", pods);
  try {
    const { path } = await buildPlugin({ output: join(folder, "pharos-cni"), preamble: tracePreamble() });
    const traced: Competitor = { name: "traced", plugins: (...of) => OURS.plugins(...of).map((plugin) => ({ ...plugin, path })) };
    const context = { world, traced, spawner: newSpawner(), file: join(folder, "trace.json") };
    const all = (verb: "ADD" | "DEL") => [...Array(pods).keys()].map((pod) => one(context, verb, pod)).slice(WARM_UP);
    const add = medians(all("ADD"));
    console.log(JSON.stringify({ add, del: medians(all("DEL")) }));
  } finally {
    removeWorlds([world]);
    rmSync(folder, { recursive: true });
  }
}

interface Context {
  readonly world: World;
  readonly traced: Competitor;
  readonly spawner: Spawner;
  readonly file: string;
}

function one({ world, traced, spawner, file }: Context, verb: "ADD" | "DEL", pod: number): Times {
  const [plugin] = traced.plugins(world, "whole");
  if (plugin === undefined) throw new Error("there is no plugin");
  const program = programOf(plugin, { world, verb, pod, previous: undefined, network: "bench-phases" });
  const started = spawner.start({ ...program, env: { ...program.env, PHAROS_TRACE: file } });
  const { run } = spawner.finish([started]);
  if (run.code !== 0) throw new Error(`${verb} of pod ${pod} ended with ${run.code}: ${run.stdout}`);
  return timesOf(JSON.parse(readFileSync(file, "utf8")), Number(started.began), run.ms * NS_PER_MS);
}
