// Holds 10,000 PodNetworks of a real API server in memory: our reflector beside client-node's informer, in turn, each in a process
// of its own, and both without any object, to tell what the objects add; all of it twice, as Node comes and with a young generation
// of V8's heap that stays at 1 MiB (`small`), which both get alike. Needs `make kube-assets`. Raw samples go to bench/results/reflector.json; the last lines are
// `FIGURE name value unit target ok|short`.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog, systemClock } from "@pharos/base";
import { startApiWithKinds } from "@pharos/lab/kubernetes";
import { connectKubernetesStore, kubeconfigCredentials } from "@pharos/store/kubernetes";
import { buildSync } from "esbuild";
import type { Held } from "./reflector/memory.ts";
import { writePodNetworks } from "./reflector/pod-networks.ts";

const OBJECTS = 10_000;
const BLOCKS = 3;
const SETTINGS = { default: [], small: ["--max-semi-space-size=1"] } as const;

type Setting = keyof typeof SETTINGS;

interface Sample extends Held {
  readonly who: "pharos" | "client-node";
  readonly setting: Setting;
  readonly block: number;
  /** Resident memory of the same program before it asks for anything, MiB. */
  readonly idleMiB: number;
}

type Measure = (sample: Sample) => number;

const MEASURES = {
  memory: { of: ({ restMiB }) => restMiB, unit: "MiB", target: 0.4 },
  "memory-peak": { of: ({ peakMiB }) => peakMiB, unit: "MiB" },
  "memory-idle": { of: ({ idleMiB }) => idleMiB, unit: "MiB" },
  "memory-added": { of: ({ restMiB, idleMiB }) => restMiB - idleMiB, unit: "MiB" },
  "heap-living": { of: ({ heapMiB }) => heapMiB, unit: "MiB" },
  sync: { of: ({ syncMs }) => syncMs, unit: "ms" },
} as const satisfies Readonly<Record<string, { readonly of: Measure; readonly unit: string; readonly target?: number }>>;

const folder = mkdtempSync(join(tmpdir(), "pharos-bench-"));
console.log("bench: start a real API server");
const api = await startApiWithKinds(process.env);
try {
  console.log(`bench: write ${OBJECTS} PodNetworks with their status`);
  await fill(api.kubeconfig);
  const programs = { pharos: bundled("follow-once"), "client-node": bundled("informer-once") };
  console.log(`bench: hold them, ${BLOCKS} blocks of A B, the order turned in each second one`);
  const samples: Sample[] = [];
  for (let block = 0; block < BLOCKS; block += 1) {
    const order = block % 2 === 0 ? (["pharos", "client-node"] as const) : (["client-node", "pharos"] as const);
    for (const setting of ["default", "small"] as const) {
      for (const who of order) samples.push({ who, setting, block, ...measured(programs[who], SETTINGS[setting]) });
    }
  }
  const results = join(import.meta.dirname, "results");
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, "reflector.json"), `${JSON.stringify(samples, undefined, 2)}\n`);
  report("small", samples);
  report("default", samples);
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
  await store.close();
}

/** One file, as programs are shipped: what strips types at run time must not count. */
function bundled(name: string): string {
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

function measured(program: string, flags: readonly string[]): Held & Pick<Sample, "idleMiB"> {
  const idleMiB = run([...flags, program], "idle").restMiB;
  const held = run([...flags, program], "hold");
  if (held.objects !== OBJECTS) throw new Error(`${program} holds ${held.objects} objects`);
  return { ...held, idleMiB };
}

function run(program: readonly string[], mode: "idle" | "hold"): Held {
  const { NODE_OPTIONS: _options, ...env } = process.env;
  return JSON.parse(execFileSync(process.execPath, ["--expose-gc", ...program, api.kubeconfig, mode], { encoding: "utf8", env })) as Held;
}

function report(setting: Setting, all: readonly Sample[]): void {
  const samples = all.filter((sample) => sample.setting === setting);
  const suffix = setting === "default" ? "" : `-${setting}`;
  const [ours = [], theirs = []] = (["pharos", "client-node"] as const).map((name) => samples.filter(({ who }) => who === name));
  for (const [name, measure] of Object.entries(MEASURES)) {
    const of: Measure = measure.of;
    figure(`reflector-${name}${suffix}`, median(ours.map(of)), measure.unit);
    figure(`informer-${name}${suffix}`, median(theirs.map(of)), measure.unit);
    const ratios = ours.flatMap((sample) => theirs.filter(({ block }) => block === sample.block).map((other) => of(sample) / of(other)));
    figure(`reflector-${name}-ratio${suffix}`, median(ratios), "x", "target" in measure ? measure.target : undefined);
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
