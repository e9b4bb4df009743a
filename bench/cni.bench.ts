// The CNI plugin beside chains of the reference plugins that do the same: Debian's package and the newest release. Each has network
// namespaces of its own; ADD and DEL are interleaved, pinned to one CPU, and what they made is checked by packets. Needs root,
// `make plugin`, `make kube-assets` and the Debian packages containernetworking-plugins and iptables. `--quick` takes few samples.
// Raw samples go to bench/results/cni.json; the last lines are `FIGURE name value unit target ok|short`.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DEBIAN_FOLDER, NEWEST_FOLDER } from "./cni/competitors.ts";
import { figuresOf, type Measured } from "./cni/figures.ts";

const isQuick = process.argv.includes("--quick");
const COUNTS = isQuick
  ? { pods: 12, bare: 8, many: 60, samples: 8, burst: 40, starts: 12, phases: 8 }
  : { pods: 100, bare: 60, many: 500, samples: 60, burst: 300, starts: 100, phases: 30 };
const FEW = 10;
const AT_A_TIME = 8;
const MAX_OUTPUT = 1 << 28;

for (const [folder, advice] of [
  [DEBIAN_FOLDER, "install the Debian package containernetworking-plugins"],
  [NEWEST_FOLDER, "run `make kube-assets`"],
] as const)
  if (!existsSync(join(folder, "bridge"))) throw new Error(`${folder}/bridge is missing: ${advice}`);

const measured: Measured = {
  starts: part("start of the executable, and of Node with an empty program", "starts.ts", [COUNTS.starts]),
  phases: part("where the time of one call goes", "phases.ts", [COUNTS.phases]),
  whole: part(`ADD and DEL of ${COUNTS.pods} pods, in turn with the chains`, "interleaved.ts", ["whole", COUNTS.pods]),
  bare: part(`the same with bridge and address only, ${COUNTS.bare} pods`, "interleaved.ts", ["bare", COUNTS.bare]),
  crowded: part(`ADD beside ${COUNTS.many} pods and beside ${FEW}`, "crowded.ts", [COUNTS.many, FEW, COUNTS.samples]),
  bursts: part(`${COUNTS.burst} ADDs, ${AT_A_TIME} at a time, on all CPUs`, "bursts.ts", [COUNTS.burst, AT_A_TIME], "all"),
};
const results = join(import.meta.dirname, "results");
mkdirSync(results, { recursive: true });
if (!isQuick) writeFileSync(join(results, "cni.json"), `${JSON.stringify(measured, rounded, 1)}\n`);
for (const line of figuresOf(measured)) console.log(line);

/** Runs a script of bench/cni, on one CPU where `taskset` is there to choose it, and reads its last line, of JSON. */
function part<T>(what: string, script: string, args: readonly (string | number)[], cpus: "one" | "all" = "one"): T {
  console.log(`bench: ${what}`);
  const node = [process.execPath, join(import.meta.dirname, "cni", script), ...args.map(String)];
  const pinned = cpus === "one" && spawnSync("taskset", ["-V"]).status === 0 ? ["taskset", "-c", "0", ...node] : node;
  const [command = "", ...rest] = pinned;
  const said = execFileSync(command, rest, { encoding: "utf8", maxBuffer: MAX_OUTPUT, stdio: ["ignore", "pipe", "inherit"] });
  // The packer of executables talks before.
  return JSON.parse(said.trimEnd().split("\n").at(-1) ?? "");
}

/** Microseconds are enough, and keep the file small. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === "number" ? Math.round(value * 1000) / 1000 : value;
}
