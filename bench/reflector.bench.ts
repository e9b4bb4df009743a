// Holds 10,000 PodNetworks, and then 10,000 core Pods, of a real API server in memory: our reflector beside client-node's informer, in
// turn, each in a process of its own, and both without any object, to tell what the objects add; all of it twice, as Node comes and
// under the settings that an agent's process has (`agent`), which both get alike. Needs `make kube-assets`. Raw samples go to
// bench/results/reflector.json; the last lines are `FIGURE name value unit target ok|short`.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog, systemClock } from "@pharos/base";
import { startApiWithKinds } from "@pharos/lab/kubernetes";
import { connectKubernetesStore, kubeconfigCredentials } from "@pharos/store/kubernetes";
import { buildSync } from "esbuild";
import { leanStart } from "../pharos/src/lean-process.ts";
import { writeCorePods } from "./reflector/core-pods.ts";
import type { Held } from "./reflector/memory.ts";
import { writePodNetworks } from "./reflector/pod-networks.ts";

const OBJECTS = 10_000;
const BLOCKS = 3;
const KINDS = ["pod-networks", "core-pods"] as const;
const SETTINGS = ["default", "agent"] as const;
const PROGRAMS = { reflector: "follow", informer: "informer" } as const;

interface Case {
  readonly who: keyof typeof PROGRAMS;
  readonly kind: (typeof KINDS)[number];
  readonly setting: (typeof SETTINGS)[number];
}

interface Sample extends Case, Held {
  readonly block: number;
  /** The same program before it asks for anything. */
  readonly idle: Held;
}

type Measure = (sample: Sample) => number;

const MEASURES = {
  memory: { of: ({ restMiB }) => restMiB, unit: "MiB", target: 0.4 },
  "memory-released": { of: ({ releasedMiB }) => releasedMiB, unit: "MiB", target: 0.4 },
  "memory-idle": { of: ({ idle }) => idle.restMiB, unit: "MiB" },
  "memory-added": { of: ({ restMiB, idle }) => restMiB - idle.restMiB, unit: "MiB" },
  "memory-added-released": { of: ({ releasedMiB, idle }) => releasedMiB - idle.releasedMiB, unit: "MiB" },
  "heap-living": { of: ({ heapMiB }) => heapMiB, unit: "MiB" },
  sync: { of: ({ syncMs }) => syncMs, unit: "ms" },
} as const satisfies Readonly<Record<string, { readonly of: Measure; readonly unit: string; readonly target?: number }>>;

const folder = mkdtempSync(join(tmpdir(), "pharos-bench-"));
console.log("bench: start a real API server");
// Without controllers a namespace has no ServiceAccount, which Pods would need.
const api = await startApiWithKinds(process.env, { args: ["--disable-admission-plugins=ServiceAccount"] });
try {
  console.log(`bench: write ${OBJECTS} PodNetworks and ${OBJECTS} Pods with their status`);
  await fill(api.kubeconfig);
  console.log(`bench: hold them, ${BLOCKS} blocks of A B, the order turned in each second one`);
  const samples: Sample[] = [];
  for (let block = 0; block < BLOCKS; block += 1) {
    const order = block % 2 === 0 ? (["reflector", "informer"] as const) : (["informer", "reflector"] as const);
    for (const kind of KINDS) {
      for (const setting of SETTINGS) {
        for (const who of order) samples.push(measured({ who, kind, setting }, block));
      }
    }
  }
  const results = join(import.meta.dirname, "results");
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, "reflector.json"), `${JSON.stringify(samples, undefined, 2)}\n`);
  for (const kind of KINDS) for (const setting of SETTINGS) report({ kind, setting }, samples);
} finally {
  await api.stop();
  rmSync(folder, { recursive: true });
}

async function fill(kubeconfig: string): Promise<void> {
  const store = connectKubernetesStore({
    credentials: await kubeconfigCredentials(kubeconfig),
    fieldManager: "pharos-agent",
    clock: systemClock,
    log: silentLog,
    random: Math.random,
    newId: () => crypto.randomUUID(),
    deadline: 60_000,
  });
  await writePodNetworks(store, OBJECTS);
  await writeCorePods(store, OBJECTS);
  await store.close();
}

/** One file, as programs are shipped: what strips types at run time must not count. */
function bundled({ who, kind }: Case): string {
  const name = `${PROGRAMS[who]}-${kind}`;
  const outfile = join(folder, `${name}.mjs`);
  buildSync({
    entryPoints: [join(import.meta.dirname, "reflector", `${name}.ts`)],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    logLevel: "error",
  });
  return outfile;
}

function measured(given: Case, block: number): Sample {
  const program = bundled(given);
  const idle = run(program, given, "idle");
  const held = run(program, given, "hold");
  if (held.objects !== OBJECTS) throw new Error(`${program} holds ${held.objects} objects`);
  return { ...given, block, ...held, idle };
}

function run(program: string, { setting }: Case, mode: "idle" | "hold"): Held {
  const { execPath } = process;
  const { NODE_OPTIONS: _options, ...env } = process.env;
  const plain = { args: [execPath, "--expose-gc", program], env };
  const start = setting === "agent" ? (leanStart({ execPath, execArgv: [], argv: [execPath, program], env }) ?? plain) : plain;
  const [command = execPath, ...args] = start.args;
  return JSON.parse(execFileSync(command, [...args, api.kubeconfig, mode], { encoding: "utf8", env: start.env })) as Held;
}

function report({ kind, setting }: Omit<Case, "who">, all: readonly Sample[]): void {
  const samples = all.filter((sample) => sample.kind === kind && sample.setting === setting);
  const suffix = `${kind}${setting === "default" ? "" : `-${setting}`}`;
  const [ours = [], theirs = []] = (["reflector", "informer"] as const).map((name) => samples.filter(({ who }) => who === name));
  for (const [name, measure] of Object.entries(MEASURES)) {
    const of: Measure = measure.of;
    figure(`reflector-${name}-${suffix}`, median(ours.map(of)), measure.unit);
    figure(`informer-${name}-${suffix}`, median(theirs.map(of)), measure.unit);
    const ratios = ours.flatMap((sample) => theirs.filter(({ block }) => block === sample.block).map((other) => of(sample) / of(other)));
    figure(`reflector-${name}-ratio-${suffix}`, median(ratios), "x", "target" in measure ? measure.target : undefined);
  }
}

/** `target` is an upper bound; `-`: a figure to watch, without one. */
function figure(name: string, value: number, unit: string, target?: number): void {
  const ok = target === undefined || value <= target;
  console.log(`FIGURE ${name} ${value.toFixed(2)} ${unit} ${target ?? "-"} ${ok ? "ok" : "short"}`);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return ((sorted[Math.floor((sorted.length - 1) / 2)] ?? 0) + (sorted[Math.ceil((sorted.length - 1) / 2)] ?? 0)) / 2;
}
