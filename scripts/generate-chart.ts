// Copies crds/ into the chart, and writes charts/k3s-auto-deploy.yaml from the chart's version and its profile for k3s.
// `--check` writes nothing; it names the files that are stale and exits 1.
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { parse } from "yaml";
import { k3sManifest } from "./charts/k3s-manifest.ts";

const ROOT = resolve(import.meta.dirname, "..");
const CHART = "charts/pharos";
const COPIES = `${CHART}/files/crds`;

function textOf(path: string): string | undefined {
  try {
    return readFileSync(join(ROOT, path), "utf8");
  } catch {
    return undefined;
  }
}

function requiredText(path: string): string {
  const text = textOf(path);
  if (text === undefined) throw new Error(`${path} is missing`);
  return text;
}

/** All files that this program makes, by path from the root of the repository. */
function wantedFiles(): ReadonlyMap<string, string> {
  const sources = globSync("crds/*.yaml", { cwd: ROOT }).sort();
  if (sources.length === 0) throw new Error("crds/ is empty");
  const { version } = parse(requiredText(`${CHART}/Chart.yaml`)) as { readonly version: string };
  const manifest = k3sManifest(version, requiredText(`${CHART}/values-k3s.yaml`));
  return new Map([
    ...sources.map((path): [string, string] => [`${COPIES}/${basename(path)}`, requiredText(path)]),
    ["charts/k3s-auto-deploy.yaml", manifest],
  ]);
}

const wanted = wantedFiles();
const present = globSync(`${COPIES}/*`, { cwd: ROOT });
const stale = [...new Set([...wanted.keys(), ...present])].filter((path) => wanted.get(path) !== textOf(path)).sort();
if (process.argv.includes("--check")) {
  for (const path of stale) console.error(`${path} is stale: run make generate`);
  if (stale.length > 0) process.exitCode = 1;
} else {
  for (const path of stale) {
    const text = wanted.get(path);
    const full = join(ROOT, path);
    mkdirSync(dirname(full), { recursive: true });
    if (text === undefined) rmSync(full);
    else writeFileSync(full, text);
  }
}
console.log(`chart: ${wanted.size} generated files, ${stale.length} stale`);
