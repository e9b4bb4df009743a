// One by one on one CPU: `node bench/cni/interleaved.ts WORK PODS`, started pinned. Prints one line of JSON.
import { execFileSync } from "node:child_process";
import { DEBIAN, NEWEST, NEWEST_NFT, OURS, type Work } from "./competitors.ts";
import { leftovers } from "./leftovers.ts";
import { Packets } from "./packets.ts";
import { type Call, Runtime } from "./runtime.ts";
import { newSpawner } from "./spawn.ts";
import { makeWorld, removeWorlds } from "./worlds.ts";

const [work, pods] = [process.argv[2] as Work, Number(process.argv[3])];
const competitors = work === "whole" ? [OURS, DEBIAN, NEWEST, NEWEST_NFT] : [OURS, DEBIAN, NEWEST];
const worlds = competitors.map(({ name }) => makeWorld(name, pods));
const measured = new Map<string, { readonly add: Call[]; readonly del: Call[] }>(
  competitors.map(({ name }) => [name, { add: [], del: [] }]),
);
try {
  const runtimes = competitors.map((competitor, index) => {
    const world = worlds[index];
    if (world === undefined) throw new Error("a world is missing");
    return {
      runtime: new Runtime(competitor, { world, spawner: newSpawner(), work }),
      packets: new Packets(world),
    };
  });
  for (const verb of ["ADD", "DEL"] as const) {
    for (let pod = 0; pod < pods; pod++) {
      // Who begins changes, so that nobody always follows the same one.
      const order = runtimes.map((_, index) => runtimes[(index + pod) % runtimes.length]).filter((one) => one !== undefined);
      for (const { runtime, packets } of order) {
        const call = runtime.call(verb, pod);
        measured.get(runtime.competitor.name)?.[verb === "ADD" ? "add" : "del"].push(call);
        if (verb === "ADD") packets.check(runtime.attached(pod), work === "whole");
      }
    }
    if (verb === "ADD" && work === "whole") for (const world of worlds) checkLimits(world.host, pods);
  }
  for (const { packets } of runtimes) packets.close();
  console.log(
    JSON.stringify({
      calls: Object.fromEntries(measured),
      left: Object.fromEntries(worlds.map((world) => [world.name, leftovers(world)])),
    }),
  );
} finally {
  removeWorlds(worlds);
}

/** Two token buckets for each pod: for what it receives, and for what it sends. */
function checkLimits(host: string, count: number): void {
  const listed: readonly { readonly kind: string }[] = JSON.parse(
    execFileSync("nsenter", [`--net=${host}`, "tc", "-j", "qdisc", "show"], { encoding: "utf8" }),
  );
  const buckets = listed.filter(({ kind }) => kind === "tbf").length;
  if (buckets !== 2 * count) throw new Error(`${host}: ${buckets} token buckets for ${count} pods`);
}
